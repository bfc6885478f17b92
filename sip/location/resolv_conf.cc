#include "sip/location/resolv_conf.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sip/base/ascii.h"

namespace sipevents::sip {
namespace {

constexpr char kSystemFile[] = "/etc/resolv.conf";
constexpr size_t kMaxOctets = 64 << 10;
constexpr uint16_t kDnsPort = 53;

void ReadOptions(const std::vector<std::string>& words, ResolvConf* conf) {
  for (const std::string& word : words) {
    if (word == "rotate" || word == "no-rotate") conf->rotate = word == "rotate";
    if (word == "edns0" || word == "no-edns0") conf->edns = word == "edns0";
  }
}

}  // namespace

std::string ResolvConf::ToText() const {
  std::string text = absl::StrCat("options", edns ? " edns0" : "", rotate ? " rotate" : "", "\n");
  for (const HostPort& server : servers) {
    absl::StrAppend(&text, "nameserver ", server.host, "\nport ", server.port, "\n");
  }
  return text;
}

std::string ResolvConf::ServerList() const {
  return absl::StrJoin(servers, ", ", [](std::string* out, const HostPort& server) {
    absl::StrAppend(out, server.ToString());
  });
}

ResolvConf ParseResolvConf(std::string_view text) {
  ResolvConf conf;
  uint16_t port = kDnsPort;
  for (std::string line : std::vector<std::string>(absl::StrSplit(AbslView(text), '\n'))) {
    line.resize(std::min(line.find_first_of("#;"), line.size()));
    std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.size() < 2) continue;
    uint32_t number = 0;
    if (words[0] == "nameserver" && words[1].front() != '[' && IsNumericHost(words[1]) &&
        conf.servers.size() < kMaxDnsServers) {
      conf.servers.push_back({words[1], kDnsPort});
    } else if (words[0] == "port" && absl::SimpleAtoi(words[1], &number) && number > 0 &&
               number <= 65535) {
      port = static_cast<uint16_t>(number);
    } else if (words[0] == "options") {
      ReadOptions(words, &conf);
    }
  }
  const bool none = conf.servers.empty();
  if (none) conf.servers.push_back({"127.0.0.1", port});
  for (HostPort& server : conf.servers) server.port = port;
  if (none) conf.why_default = "no server is configured";
  return conf;
}

ResolvConf ReadResolvConf(const std::string& path) {
  const std::string file = path.empty() ? kSystemFile : path;
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMaxOctets, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  const int error = stream.is_open() ? 0 : errno;
  text.resize(stream.gcount() > 0 ? static_cast<size_t>(stream.gcount()) : 0);
  ResolvConf conf = ParseResolvConf(text);
  if (!conf.why_default.empty()) {
    conf.why_default = error != 0 ? absl::StrCat(file, ": ", std::strerror(error))
                                  : absl::StrCat(file, " names no server");
  }
  return conf;
}

}  // namespace sipevents::sip
