// A name server on loopback, and a resolver that uses it instead of the machine's. It runs on the test's event loop.
#pragma once

#include "net/names/resolver.hpp"
#include "temporary_directory.hpp"

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regpass::testing {

class fake_name_server {
 public:
  struct entry {
    std::vector<std::vector<std::string>> answers{};  // in order; the last one repeats
    int rcode = 0;
    bool silent = false;
    bool silent_v6 = false;
    std::chrono::milliseconds takes{0};
    std::uint32_t ttl = 0;
  };

  explicit fake_name_server(const async::executor& on)
      : on_(on), wire_(std::make_shared<socket>(on, endpoint(boost::asio::ip::address_v4::loopback(), 0))) {
    write("resolv.conf", "nameserver 127.0.0.1\n");
    write("hosts", "");
    write("nsswitch.conf", "hosts: files dns\n");
    receive();
  }
  ~fake_name_server() { wire_->close(); }
  fake_name_server(const fake_name_server&) = delete;
  fake_name_server& operator=(const fake_name_server&) = delete;

  void set(const std::string& name, entry what) { names_[name] = std::move(what); }
  // Queries for IPv4 addresses.
  int asked(const std::string& name) { return asked_[name]; }

  void write(const std::string& file, std::string_view text) { std::ofstream(place_.path() / file) << text; }
  net::resolver_options options() const {
    net::resolver_options made;
    made.hosts = place_.path() / "hosts";
    made.resolv_conf = place_.path() / "resolv.conf";
    made.nsswitch_conf = place_.path() / "nsswitch.conf";
    made.port = wire_->local_endpoint().port();
    return made;
  }
  std::shared_ptr<net::resolver> resolver() const { return std::make_shared<net::resolver>(on_, options()); }
  // Makes every dial on this loop use this server.
  void install() { net::set_resolver(on_, resolver()); }

 private:
  using socket = boost::asio::ip::udp::socket;
  using endpoint = boost::asio::ip::udp::endpoint;
  static constexpr int type_a = 1;
  static constexpr int type_aaaa = 28;

  void receive() {
    wire_->async_receive_from(boost::asio::buffer(query_), peer_,
                              [this, open = wire_](const boost::system::error_code& ec, std::size_t size) {
                                if (ec || !open->is_open()) return;
                                answer(std::string(query_.data(), size), peer_);
                                receive();
                              });
  }

  void answer(const std::string& query, const endpoint& to) {
    std::string name;
    std::size_t at = 12;
    while (query[at] != 0) {
      const auto length = static_cast<std::size_t>(query[at]);
      name += (name.empty() ? "" : ".") + query.substr(at + 1, length);
      at += 1 + length;
    }
    const int type = query[at + 2];
    const auto question = query.substr(12, at + 5 - 12);
    const auto known = names_.find(name);
    entry what = known == names_.end() ? entry{.rcode = 3} : known->second;
    auto& count = asked_[name];
    const auto turn = static_cast<std::size_t>(type == type_a ? count++ : std::max(count - 1, 0));
    if (what.silent || (what.silent_v6 && type == type_aaaa)) return;
    std::string records;
    int number = 0;
    if (!what.answers.empty()) {
      for (const auto& text : what.answers[std::min(turn, what.answers.size() - 1)]) {
        const auto address = boost::asio::ip::make_address(text);
        if (address.is_v6() != (type == type_aaaa)) continue;
        records += record(address, what.ttl);
        ++number;
      }
    }
    std::string made = query.substr(0, 2) + "\x81" + static_cast<char>(0x80 | what.rcode);
    made += std::string("\0\1\0", 3) + static_cast<char>(number) + std::string(4, '\0') + question + records;
    const auto timer = std::make_shared<boost::asio::steady_timer>(on_, what.takes);
    timer->async_wait([open = wire_, made, to, timer](const boost::system::error_code&) {
      boost::system::error_code ignored;
      open->send_to(boost::asio::buffer(made), to, 0, ignored);
    });
  }

  static std::string record(const boost::asio::ip::address& address, std::uint32_t ttl) {
    std::string made("\xc0\x0c\0", 3);
    made += static_cast<char>(address.is_v6() ? type_aaaa : type_a);
    made += std::string("\0\1", 2);
    for (const int shift : {24, 16, 8, 0}) made += static_cast<char>((ttl >> shift) & 0xff);
    const auto append = [&](const auto& bytes) {
      made += '\0';
      made += static_cast<char>(bytes.size());
      for (const auto byte : bytes) made += static_cast<char>(byte);
    };
    if (address.is_v6()) {
      append(address.to_v6().to_bytes());
    } else {
      append(address.to_v4().to_bytes());
    }
    return made;
  }

  async::executor on_;
  temporary_directory place_;
  std::shared_ptr<socket> wire_;
  std::array<char, 1500> query_{};
  endpoint peer_;
  std::map<std::string, entry> names_;
  std::map<std::string, int> asked_;
};

}  // namespace regpass::testing
