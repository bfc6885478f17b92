#include "tests/bench/measure_publish.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "tests/bench/datagram_sockets.h"
#include "tests/bench/grpc_publisher.h"
#include "tests/bench/publisher.h"

namespace sipevents::bench {
namespace {

// One of the publishers, the others of the phones: so many hosts does a server see.
constexpr size_t kSockets = 17;
constexpr size_t kSubscribeWindow = 64;
constexpr double kWarmUpSeconds = 1;

constexpr Row kRows[] = {
    {"one_watcher", "a PUBLISH and its one NOTIFY", "us", 1000, 1, 64, 1000, false, false},
    {"hundred_watchers", "a NOTIFY, 100 resources with 100 watchers each", "us", 100, 100, 2, 100,
     false, false},
    {"one_resource", "a NOTIFY, one resource with 5,000 watchers", "us", 1, 5000, 1, 2, false,
     false},
    {"new_watcher", "a SUBSCRIBE and its NOTIFY", "us", 1000, 20, 0, 0, false, false},
    {"memory", "octets that a watcher keeps resident", "octets", 1000, 50, 0, 0, true, false},
    {"grpc_one_watcher", "an UpdatePublication and its one NOTIFY", "us", 1000, 1, 64, 1000, false,
     true},
    {"grpc_hundred_watchers", "a NOTIFY of such, 100 resources with 100 watchers each", "us", 100,
     100, 2, 100, false, true},
};

// A server and its load.
struct Bench {
  Bench(const Row& row, ServerKind kind, const ServerOptions& servers,
        const MeasureOptions& options)
      : server(kind, servers), sockets(kSockets) {
    const auto scaled = [&options](size_t count) {
      return std::max<size_t>(1, std::lround(static_cast<double>(count) * options.scale));
    };
    // A row of many resources has fewer of them, and one of one resource fewer watchers.
    const bool is_one = row.resources == 1;
    sockets.Connect(server.port());
    const size_t resources = is_one ? 1 : scaled(row.resources);
    if (row.is_grpc) {
      publisher = std::make_unique<GrpcPublisher>(sockets, server.grpc_target(), resources);
    } else {
      publisher = std::make_unique<SipPublisher>(sockets, 0, resources);
    }
    const PublishLoad::Shape shape = {.resources = resources,
                                      .watchers = is_one ? scaled(row.watchers) : row.watchers};
    load = std::make_unique<PublishLoad>(shape, sockets, *publisher);
    load->PublishFirst();
  }

  double Cpu() const { return server.process().CpuMicroseconds(); }

  PresenceServer server;
  DatagramSockets sockets;
  std::unique_ptr<Publisher> publisher;
  std::unique_ptr<PublishLoad> load;
};

// The value that this share of all does not exceed; 0: there are none.
double Quantile(std::vector<float>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[at];
}

void TakeFaults(const Bench& bench, Measured& measured) {
  const std::string faults = bench.load->Faults();
  if (!faults.empty()) measured.faults += (measured.faults.empty() ? "" : "; ") + faults;
  measured.sound = measured.sound && bench.load->IsSound();
  measured.lost = measured.lost || bench.load->has_lost();
}

// Publishes, as fast as NOTIFYs are answered or at the row's rate; sets the cost to `cost`.
PublishLoad::Outcome Publish(Bench& bench, const Row& row, double rate, double seconds,
                             double& cost) {
  bench.load->SubscribeAll(kSubscribeWindow);
  const size_t window = rate > 0 ? row.resources : row.window;
  bench.load->Run(std::min(kWarmUpSeconds, seconds), window, rate);
  const double before = bench.Cpu();
  PublishLoad::Outcome outcome = bench.load->Run(seconds, window, rate);
  cost = (bench.Cpu() - before) / static_cast<double>(std::max<uint64_t>(outcome.notifies, 1));
  return outcome;
}

Measured MeasurePublications(const Row& row, ServerKind kind, ServerOptions servers,
                             const MeasureOptions& options) {
  Measured measured;
  {
    Bench bench(row, kind, servers, options);
    const PublishLoad::Outcome outcome = Publish(bench, row, 0, options.seconds, measured.cost);
    measured.count = outcome.notifies;
    measured.per_second = static_cast<double>(outcome.notifies) / outcome.seconds;
    TakeFaults(bench, measured);
    if (measured.lost) return measured;
  }
  servers.floor_forgets = false;
  Bench bench(row, kind, servers, options);
  PublishLoad::Outcome outcome =
      Publish(bench, row, row.rate, options.seconds, measured.paced_cost);
  measured.latency_half = Quantile(outcome.latencies, 0.5);
  measured.latency_most = Quantile(outcome.latencies, 0.99);
  TakeFaults(bench, measured);
  return measured;
}

Measured MeasureWatchers(const Row& row, ServerKind kind, const ServerOptions& servers,
                         const MeasureOptions& options) {
  Bench bench(row, kind, servers, options);
  const double cpu_before = bench.Cpu();
  const double memory_before = bench.server.process().ResidentOctets();
  const double seconds = bench.load->SubscribeAll(kSubscribeWindow);
  const auto watchers = static_cast<double>(bench.load->watchers());
  Measured measured;
  measured.count = bench.load->watchers();
  if (row.is_memory) {
    bench.load->Run(options.settle, 0, 0);
    measured.cost = (bench.server.process().ResidentOctets() - memory_before) / watchers;
  } else {
    measured.cost = (bench.Cpu() - cpu_before) / watchers;
    measured.per_second = watchers / seconds;
  }
  TakeFaults(bench, measured);
  return measured;
}

}  // namespace

std::span<const Row> Rows() { return kRows; }

Measured Measure(const Row& row, ServerKind kind, const ServerOptions& servers,
                 const MeasureOptions& options) {
  return row.window > 0 ? MeasurePublications(row, kind, servers, options)
                        : MeasureWatchers(row, kind, servers, options);
}

}  // namespace sipevents::bench
