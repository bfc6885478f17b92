// What it costs to serve publishers and watchers: CPU of the whole process tree for each NOTIFY or
// new watcher, memory of a watcher, and the time from a publication to its NOTIFY; of the gateway,
// of a floor (a bare lean sofia-sip notifier) and of Kamailio, in the same run under the same load.
//
// Usage: publish_bench GATEWAY NOTIFIER_FLOOR [--json] [--only=ROW,…] [--no_kamailio]
//                      [--no_gateway] [--no_floor] [--seconds=S] [--settle=S] [--scale=F]
//                      [--gateway_flag=FLAG]…
//
// --seconds is how long each load is measured, --settle how long a server is left alone before its
// memory is, --scale multiplies the numbers of watchers. Fails if the gateway told a watcher
// anything twice or out of order.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/bench/measure_publish.h"

namespace sipevents::bench {
namespace {

struct Options {
  ServerOptions servers;
  MeasureOptions measure;
  std::string only;  // names of rows, with commas; empty: all
  bool json = false;
  bool kamailio = true;
  bool gateway = true;
  bool floor = true;
};

constexpr char kUsage[] =
    "usage: tools/bench publish [--json] [--only=ROW,...] [--no_kamailio] [--no_gateway] "
    "[--no_floor] [--seconds=S] [--settle=S] [--scale=F] [--gateway_flag=FLAG]...\n";

bool ParseNumber(const std::string& argument, const std::string& name, double least, double most,
                 double& value) {
  if (!argument.starts_with("--" + name + "=")) return false;
  const double number = atof(argument.c_str() + name.size() + 3);
  if (number < least || number > most) return false;
  value = number;
  return true;
}

bool ParseOption(const std::string& argument, Options& options) {
  constexpr std::string_view kOnly = "--only=";
  constexpr std::string_view kFlag = "--gateway_flag=";
  if (argument == "--json") return options.json = true;
  if (argument == "--no_kamailio") return !(options.kamailio = false);
  if (argument == "--no_gateway") return !(options.gateway = false);
  if (argument == "--no_floor") return !(options.floor = false);
  if (argument.starts_with(kOnly)) {
    options.only = "," + argument.substr(kOnly.size()) + ",";
    return true;
  }
  if (argument.starts_with(kFlag)) {
    options.servers.gateway_flags.push_back(argument.substr(kFlag.size()));
    return true;
  }
  return ParseNumber(argument, "seconds", 0.1, 600, options.measure.seconds) ||
         ParseNumber(argument, "settle", 0, 600, options.measure.settle) ||
         ParseNumber(argument, "scale", 0.001, 10, options.measure.scale);
}

bool ParseOptions(int argc, char** argv, Options& options) {
  if (argc < 3) return false;
  options.servers.gateway = argv[1];
  options.servers.floor = argv[2];
  for (int i = 3; i < argc; ++i) {
    if (ParseOption(argv[i], options)) continue;
    fprintf(stderr, "bench: cannot use '%s'\n", argv[i]);
    return false;
  }
  return true;
}

struct Server {
  ServerKind kind;
  const char* title;
  const char* name;  // in JSON
};

std::vector<Server> ServersOf(Options& options) {
  if (options.kamailio && !FindKamailio().has_value()) {
    fprintf(stderr,
            "bench: Kamailio with its presence modules is not installed (tools/setup demo): "
            "measured without it\n");
    options.kamailio = false;
  }
  std::vector<Server> servers;
  if (options.gateway) servers.push_back({ServerKind::kGateway, "gateway", "gateway"});
  if (options.floor) servers.push_back({ServerKind::kFloor, "floor", "floor"});
  if (options.kamailio) {
    servers.push_back({ServerKind::kKamailioFm, "Kamailio fm", "kamailio_fm"});
    servers.push_back({ServerKind::kKamailio, "Kamailio qm", "kamailio_qm"});
  }
  return servers;
}

// The gateway's cost in parts of that of another server; 0: it is the gateway itself, or the
// gateway is not measured.
double RatioTo(size_t other, const std::vector<Server>& servers,
               const std::vector<Measured>& measured) {
  if (other == 0 || servers[0].kind != ServerKind::kGateway) return 0;
  if (measured[0].lost || measured[other].lost) return 0;
  return measured[0].cost / measured[other].cost;
}

void PrintJson(const Row& row, const std::vector<Server>& servers,
               const std::vector<Measured>& measured) {
  printf("{\"row\":\"%s\",\"unit\":\"%s\"", row.name, row.unit);
  for (size_t i = 0; i < measured.size(); ++i) {
    const Measured& of = measured[i];
    if (of.lost) continue;
    printf(",\"%s\":{\"cost\":%.2f,\"per_s\":%.0f,\"n\":%llu", servers[i].name, of.cost,
           of.per_second, static_cast<unsigned long long>(of.count));
    if (row.rate > 0) {
      printf(",\"paced_cost\":%.2f,\"latency_p50_ms\":%.2f,\"latency_p99_ms\":%.2f", of.paced_cost,
             of.latency_half, of.latency_most);
    }
    printf("}");
    if (const double ratio = RatioTo(i, servers, measured); ratio > 0) {
      printf(",\"ratio_%s\":%.3f", servers[i].name, ratio);
    }
  }
  printf("}\n");
}

void Print(const Row& row, const std::vector<Server>& servers,
           const std::vector<Measured>& measured) {
  printf("%s: %s\n", row.name, row.title);
  for (size_t i = 0; i < measured.size(); ++i) {
    const Measured& of = measured[i];
    if (of.lost) {
      printf("  %-12s %s\n", servers[i].title, of.faults.c_str());
      continue;
    }
    printf("  %-12s %8.1f %s", servers[i].title, of.cost, row.unit);
    if (of.per_second > 0) printf(", %.0f/s", of.per_second);
    if (const double ratio = RatioTo(i, servers, measured); ratio > 0) {
      printf("; ratio %.2f", ratio);
    }
    printf("\n");
    if (row.rate > 0) {
      printf("  %12s %8.1f at %.0f publications/s, latency %.2f ms, 99 of 100 %.2f ms\n", "",
             of.paced_cost, row.rate, of.latency_half, of.latency_most);
    }
    if (!of.faults.empty()) printf("  %12s %s\n", "", of.faults.c_str());
  }
}

int Main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, options)) {
    fputs(kUsage, stderr);
    return 1;
  }
  const std::vector<Server> servers = ServersOf(options);
  bool sound = true;
  for (const Row& row : Rows()) {
    if (!options.only.empty() &&
        options.only.find("," + std::string(row.name) + ",") == std::string::npos) {
      continue;
    }
    std::vector<Measured> measured;
    for (const Server& server : servers) {
      if (row.is_grpc && server.kind != ServerKind::kGateway) continue;
      measured.push_back(Measure(row, server.kind, options.servers, options.measure));
      if (server.kind == ServerKind::kGateway) sound = sound && measured.back().sound;
    }
    if (measured.empty()) continue;
    options.json ? PrintJson(row, servers, measured) : Print(row, servers, measured);
    fflush(stdout);
  }
  return sound ? 0 : 1;
}

}  // namespace
}  // namespace sipevents::bench

int main(int argc, char** argv) { return sipevents::bench::Main(argc, argv); }
