// Failure cases as text: what stands in the credential files, what the registry and its token server answer byte by
// byte, what the client asks, and which cause must be named. A file holds many:
//
//   case TOK-04 POST token exchange not supported      the id and a title; what follows is of this case
//   registry harbor.example.com                        its name (default registry.test)
//   file config.json {"auths":{…}}                     in the directory of credentials; more lines may follow, indented
//   directory config.json                              likewise, a directory
//   place config.json                                  what regpass is told to read (default: the directory itself)
//   challenge Bearer realm="…",service="…"             who comes without Authorization gets 401 with this
//   registry-says [METHOD] [PATH] [with|bare] [once]   then an indented response: status line, fields, empty line, body
//   token-says [METHOD] [with|bare] [once]             likewise, of the token server; `with` Authorization or `bare`
//   request METHOD PATH                                then indented fields, empty line, body; the last one is judged
//   set injection=observe                              options of the registry
//   wire registry plain-http                           what is wrong with a connection, see `play`
//   expect NAME…                                       the first cause; of several, those that cannot be told apart
//   notice NAME, warning NAME                          said although the request succeeds; said when the file is read
//   fine STATUS                                        the request succeeds
//   cured WHY                                          regpass does what was missing
//
// In all texts %jwt{…}% is a token with these claims ("exp":"+300" is 300 s from now), %b64{…}% base64, %date+60% an
// HTTP date, %secret% the password, %bom% UTF-8's byte order mark, %utf16{…}% the text in UTF-16.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace regpass::testing {

struct scripted_reply {
  std::string method = "*";
  std::string path = "*";
  enum class authorization { any, with, bare } when = authorization::any;
  bool once = false;
  int status = 200;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

struct scripted_request {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

struct scripted_case {
  std::string id;
  std::string title;
  std::string registry = "registry.test";
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<std::string> directories;
  std::vector<std::string> places;
  std::string challenge;
  std::vector<scripted_reply> registry_says;
  std::vector<scripted_reply> token_says;
  std::vector<scripted_request> requests;
  std::map<std::string, std::string> settings;
  std::map<std::string, std::string> wires;
  std::vector<std::string> expected;
  std::vector<std::string> notices;
  std::vector<std::string> warnings;
  int fine = 0;
  std::string cured;
};

// All cases of all files in the directory, in order of file names. Throws what is wrong with which line.
std::vector<scripted_case> read_cases(const std::filesystem::path& directory);

}  // namespace regpass::testing
