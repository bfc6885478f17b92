#include "tests/bench/presence_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sipevents::bench {
namespace {

// Everything in memory, NOTIFYs at once, no authorisation rules, no watcherinfo: the least that it
// can do. One process that receives costs least CPU: two wait for each other's locks.
constexpr char kKamailioConfiguration[] = R"(#!KAMAILIO
debug = 0
log_stderror = yes
children = 1
disable_tcp = yes
auto_aliases = no
dns = no
rev_dns = no
alias = "example.com"
listen = udp:127.0.0.1:@PORT@
maxbuffer = 33554432
mpath = "@MODULES@"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
modparam("presence", "server_address", "sip:presence@127.0.0.1:@PORT@")
modparam("presence", "publ_cache", 2)
modparam("presence", "subs_db_mode", 0)
modparam("presence", "notifier_processes", 0)
modparam("presence", "subs_htable_size", 10)
modparam("presence", "pres_htable_size", 10)
modparam("presence", "max_expires", 3600)
modparam("presence", "db_update_period", 0)
modparam("presence_xml", "force_active", 1)
modparam("presence_xml", "disable_winfo", 1)
modparam("presence_xml", "disable_bla", 1)

request_route {
    if (method == "OPTIONS") {
        sl_send_reply("200", "OK");
        exit;
    }
    if (!t_newtran()) {
        sl_reply_error();
        exit;
    }
    if (method == "PUBLISH") {
        handle_publish();
    } else if (method == "SUBSCRIBE") {
        handle_subscribe();
    }
    t_release();
}
)";

constexpr int kStartPatienceMs = 20'000;
constexpr int kProbeMs = 100;

[[noreturn]] void Die(const std::string& what) {
  fprintf(stderr, "bench: %s\n", what.c_str());
  exit(1);
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A UDP socket on a free port of loopback, closed at the end.
class ProbeSocket {
 public:
  ProbeSocket() : descriptor_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    if (bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      Die("no UDP port is free");
    }
    port_ = ntohs(address.sin_port);
  }
  ~ProbeSocket() { close(descriptor_); }
  ProbeSocket(const ProbeSocket&) = delete;
  ProbeSocket& operator=(const ProbeSocket&) = delete;

  int port() const { return port_; }

  // Whether somebody at that port answers an OPTIONS soon.
  bool Asks(int port) const {
    const std::string us = "127.0.0.1:" + std::to_string(port_);
    const std::string number = std::to_string(port_);
    const std::string request =
        "OPTIONS sip:127.0.0.1:" + std::to_string(port) + " SIP/2.0\r\nVia: SIP/2.0/UDP " + us +
        ";branch=z9hG4bKo" + number + "\r\nMax-Forwards: 70\r\n" +
        "From: <sip:probe@example.com>;tag=o\r\nTo: <sip:example.com>\r\n" + "Call-ID: o" + number +
        "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    const sockaddr_in address = Loopback(port);
    sendto(descriptor_, request.data(), request.size(), 0,
           reinterpret_cast<const sockaddr*>(&address), sizeof address);
    pollfd waiting{descriptor_, POLLIN, 0};
    return poll(&waiting, 1, kProbeMs) > 0;
  }

 private:
  const int descriptor_;
  int port_ = 0;
};

// The port in `name=udp:HOST:PORT,…` of the gateway's ready line, or HOST:PORT itself.
std::string FieldOf(const std::string& ready, const std::string& name) {
  const size_t found = ready.find(name + "=");
  if (found == std::string::npos) Die("the gateway is ready without " + name);
  const size_t begin = found + name.size() + 1;
  return ready.substr(begin, ready.find_first_of(" ,", begin) - begin);
}

void Replace(std::string& text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

// The folder of Kamailio's modules, with a slash; empty: there is none.
std::string KamailioModules() {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib", failed)) {
    const std::filesystem::path folder = entry.path() / "kamailio/modules";
    if (std::filesystem::exists(folder / "presence_xml.so", failed)) return folder.string() + "/";
  }
  return "";
}

}  // namespace

std::optional<std::string> FindKamailio() {
  if (KamailioModules().empty()) return std::nullopt;
  for (const char* path : {"/usr/sbin/kamailio", "/usr/bin/kamailio"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return std::nullopt;
}

PresenceServer::PresenceServer(ServerKind kind, const ServerOptions& options) {
  switch (kind) {
    case ServerKind::kFloor:
      process_ = std::make_unique<MeasuredProcess>(
          std::vector<std::string>{options.floor, options.floor_forgets ? "1000" : "5000"});
      port_ = atoi(process_->WaitForLine("ready ").c_str() + 6);
      break;
    case ServerKind::kGateway:
      StartGateway(options);
      break;
    case ServerKind::kKamailio:
      StartKamailio("qm");
      break;
    case ServerKind::kKamailioFm:
      StartKamailio("fm");
      break;
  }
}

PresenceServer::~PresenceServer() {
  process_.reset();
  std::error_code failed;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, failed);
}

void PresenceServer::StartGateway(const ServerOptions& options) {
  std::vector<std::string> arguments = {options.gateway,
                                        "--grpc_listen=127.0.0.1:0",
                                        "--sip_listen=udp:127.0.0.1:0",
                                        "--http_listen=127.0.0.1:0",
                                        "--sip_domains=example.com",
                                        "--sip_watcher_auth=none",
                                        "--sip_notify_min_interval=0s",
                                        "--sip_destination_rate=0"};
  arguments.insert(arguments.end(), options.gateway_flags.begin(), options.gateway_flags.end());
  process_ = std::make_unique<MeasuredProcess>(arguments);
  const std::string ready = process_->WaitForLine("ready ");
  grpc_target_ = FieldOf(ready, "grpc");
  const std::string sip = FieldOf(ready, "sip");
  port_ = atoi(sip.c_str() + sip.rfind(':') + 1);
}

void PresenceServer::StartKamailio(const std::string& memory_manager) {
  char directory[] = "/tmp/publish_bench.XXXXXX";
  if (mkdtemp(directory) == nullptr) Die("mkdtemp failed");
  directory_ = directory;
  port_ = ProbeSocket().port();
  std::string configuration = kKamailioConfiguration;
  Replace(configuration, "@PORT@", std::to_string(port_));
  Replace(configuration, "@MODULES@", KamailioModules());
  const std::string file = directory_ + "/kamailio.cfg";
  std::ofstream(file) << configuration;
  process_ = std::make_unique<MeasuredProcess>(
      std::vector<std::string>{*FindKamailio(), "-f", file, "-DD", "-E", "-m", "2048", "-M", "64",
                               "-x", memory_manager, "-Y", directory_, "-w", directory_});
  const ProbeSocket probe;
  for (int waited = 0; !probe.Asks(port_); waited += kProbeMs) {
    if (waited >= kStartPatienceMs) Die("Kamailio does not answer (BENCH_VERBOSE=1 shows its log)");
  }
}

}  // namespace sipevents::bench
