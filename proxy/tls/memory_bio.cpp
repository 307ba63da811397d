#include "tls/memory_bio.hpp"

#include <algorithm>

namespace regpass::tls {
namespace {

memory_pipe& pipe_of(BIO* bio) {
  return *static_cast<memory_pipe*>(BIO_get_data(bio));
}

// noexcept: running out of memory must not unwind through OpenSSL's C frames.
int write_bytes(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) noexcept {
  pipe_of(bio).append({bytes, size});
  *written = size;
  return 1;
}

int read_bytes(BIO* bio, char* into, std::size_t size, std::size_t* read) noexcept {
  BIO_clear_retry_flags(bio);
  *read = pipe_of(bio).take({into, size});
  if (*read > 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

long control(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* method() {
  static BIO_METHOD* const created = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "regpass memory pipe");
    BIO_meth_set_write_ex(m, write_bytes);
    BIO_meth_set_read_ex(m, read_bytes);
    BIO_meth_set_ctrl(m, control);
    return m;
  }();
  return created;
}

}  // namespace

std::size_t memory_pipe::take(std::span<char> into) noexcept {
  const std::size_t size = std::min(into.size(), input_.size());
  copy_bytes(into.data(), {input_.data(), size});
  input_ = input_.subspan(size);
  return size;
}

void memory_pipe::append(std::string_view bytes) {
  if (sent_ > output_.size() / 2) {
    output_.drop_front(sent_);
    sent_ = 0;
  }
  output_.append(bytes);
}

void memory_pipe::sent(std::size_t bytes) noexcept {
  sent_ += std::min(bytes, output_.size() - sent_);
  if (sent_ < output_.size()) return;
  output_.clear();
  sent_ = 0;
}

void memory_pipe::take_output(buffer& into) noexcept {
  if (sent_ > 0) output_.drop_front(sent_);
  sent_ = 0;
  output_.swap(into);
}

void memory_pipe::release() noexcept {
  if (output_.empty()) output_.release();
}

bio_ptr make_bio(memory_pipe& pipe) {
  bio_ptr bio(BIO_new(method()));
  if (!bio) return bio;
  BIO_set_data(bio.get(), &pipe);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace regpass::tls
