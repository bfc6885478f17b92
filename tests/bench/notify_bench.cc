// CPU microseconds per event of the gateway, from a NOTIFY on the wire to an item on a gRPC
// stream, beside two floors that are measured in the same run: a bare lean sofia-sip sink that
// also parses the body, and a bare gRPC server that streams the same events in the same batches.
//
// Usage: notify_bench GATEWAY SIP_FLOOR GRPC_FLOOR [--json] [--dialogs=N] [--seconds=S]
//                     [--window=N] [--batch_linger_ms=N] [--many] [--stalled=N] [--rate=N]
//
// With --many all watches are on one WatchMany stream; with --rate so many events a second come.
// With
// --stalled=N there are N more watches on that stream, of the first N resources, which have no
// credit: what the others get must not be later for it.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/notify_load.h"
#include "tests/bench/process_cpu.h"
#include "tests/bench/stream_reader.h"

namespace sipevents::bench {
namespace {

struct Options {
  std::string gateway;
  std::string sip_floor;
  std::string grpc_floor;
  bool json = false;
  size_t dialogs = 64;
  double seconds = 5;
  int window = 64;
  int batch_linger_ms = 20;
  bool many = false;
  size_t stalled = 0;
  double rate = 0;  // events a second; 0: as fast as they are answered
};

struct Measured {
  double microseconds = 0;  // CPU per event
  double per_second = 0;    // events
  double batch = 0;         // items per message
  uint64_t events = 0;
  double latency_half = 0;  // ms; half of the events took no longer, with --many
  double latency_most = 0;  // ms; 99 of 100
};

// The value that this share of all does not exceed; 0: there are none.
double Quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

constexpr double kWarmUpSeconds = 1;

Measured MeasureSipFloor(const Options& options) {
  NotifyLoad load;
  const MeasuredProcess* measured = nullptr;
  MeasuredProcess sink({options.sip_floor, std::to_string(options.dialogs)});
  measured = &sink;
  const std::string ready = sink.WaitForLine("ready ");
  load.InventDialogs(options.dialogs, atoi(ready.c_str() + 6));
  load.Run(kWarmUpSeconds, options.window);
  const double before = measured->CpuMicroseconds();
  Measured result;
  result.events = load.Run(options.seconds, options.window);
  result.microseconds = (measured->CpuMicroseconds() - before) / static_cast<double>(result.events);
  return result;
}

void Describe(size_t index, v1::SubscriptionSpec& spec) {
  char target[64];
  snprintf(target, sizeof target, "sip:user%08zu@example.com", index);
  spec.set_target_uri(target);
  spec.set_event_package("presence");
}

void WatchOnStreams(const Options& options, StreamReader& reader) {
  for (size_t i = 0; i < options.dialogs; ++i) {
    v1::WatchRequest request;
    Describe(i, *request.mutable_spec());
    request.set_delivery(v1::EVERY);
    request.mutable_batch_linger()->set_nanos(options.batch_linger_ms * 1'000'000);
    reader.Watch(request);
  }
}

void WatchOnOneStream(const Options& options, StreamReader& reader) {
  v1::WatchManyRequest request;
  request.mutable_batch_linger()->set_nanos(options.batch_linger_ms * 1'000'000);
  for (size_t i = 0; i < options.dialogs; ++i) {
    v1::AddedWatch& watch = *request.mutable_add()->add_watches();
    watch.set_watch_id(i + 1);
    Describe(i, *watch.mutable_spec());
    watch.set_delivery(v1::EVERY);
  }
  for (size_t i = 0; i < options.stalled; ++i) {
    v1::AddedWatch& watch = *request.mutable_add()->add_watches();
    watch.set_watch_id(options.dialogs + i + 1);
    Describe(i, *watch.mutable_spec());
    watch.set_delivery(v1::EVERY);
    watch.set_credit(0);
  }
  reader.WatchMany(request);
}

Measured MeasureGateway(const Options& options) {
  NotifyLoad load;
  MeasuredProcess gateway(
      {options.gateway, "--grpc_listen=127.0.0.1:0", "--sip_listen=udp:127.0.0.1:0",
       "--http_listen=127.0.0.1:0", "--sip_destination_rate=0",
       "--sip_outbound_proxy=sip:127.0.0.1:" + std::to_string(load.port()) + ";lr"});
  const std::string ready = gateway.WaitForLine("ready ");
  const size_t begin = ready.find("grpc=") + 5;
  StreamReader reader(ready.substr(begin, ready.find(' ', begin) - begin));
  if (options.many) {
    WatchOnOneStream(options, reader);
  } else {
    WatchOnStreams(options, reader);
  }
  load.AcceptDialogs(options.dialogs);
  load.Run(kWarmUpSeconds, options.window, options.rate);
  const double before = gateway.CpuMicroseconds();
  const uint64_t items = reader.items();
  const uint64_t messages = reader.messages();
  reader.TakeLatencies();
  Measured result;
  result.events = load.Run(options.seconds, options.window, options.rate);
  result.microseconds = (gateway.CpuMicroseconds() - before) / static_cast<double>(result.events);
  result.per_second = static_cast<double>(result.events) / options.seconds;
  const uint64_t read = reader.items() - items;
  std::vector<double> latencies = reader.TakeLatencies();
  result.latency_half = Quantile(latencies, 0.5);
  result.latency_most = Quantile(latencies, 0.99);
  result.batch = static_cast<double>(read) /
                 static_cast<double>(std::max<uint64_t>(reader.messages() - messages, 1));
  if (read < result.events) {
    fprintf(stderr, "bench: %llu of %llu events were read from the streams\n",
            static_cast<unsigned long long>(read), static_cast<unsigned long long>(result.events));
    exit(1);
  }
  return result;
}

Measured MeasureGrpcFloor(const Options& options, const Measured& gateway) {
  const int batch = std::max(1, static_cast<int>(gateway.batch + 0.5));
  MeasuredProcess server(
      {options.grpc_floor, std::to_string(gateway.per_second), std::to_string(batch)});
  StreamReader reader(server.WaitForLine("ready ").substr(6));
  const size_t streams = options.many ? 1 : options.dialogs;
  for (size_t i = 0; i < streams; ++i) reader.Watch(v1::WatchRequest());
  std::this_thread::sleep_for(std::chrono::duration<double>(kWarmUpSeconds));
  const double before = server.CpuMicroseconds();
  const uint64_t items = reader.items();
  std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
  Measured result;
  result.events = reader.items() - items;
  result.batch = batch;
  result.microseconds = (server.CpuMicroseconds() - before) / static_cast<double>(result.events);
  return result;
}

bool ParseNumber(const std::string& argument, const std::string& name, double& value) {
  if (!argument.starts_with("--" + name + "=")) return false;
  value = atof(argument.c_str() + name.size() + 3);
  return true;
}

bool ParseOptions(int argc, char** argv, Options& options) {
  if (argc < 4) return false;
  options.gateway = argv[1];
  options.sip_floor = argv[2];
  options.grpc_floor = argv[3];
  for (int i = 4; i < argc; ++i) {
    const std::string argument = argv[i];
    double value = 0;
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--many") {
      options.many = true;
    } else if (ParseNumber(argument, "stalled", value) && value >= 0 && value <= 1e6) {
      options.stalled = static_cast<size_t>(value);
    } else if (ParseNumber(argument, "rate", value) && value >= 1 && value <= 1e6) {
      options.rate = value;
    } else if (ParseNumber(argument, "dialogs", value) && value >= 1 && value <= 1e6) {
      options.dialogs = static_cast<size_t>(value);
    } else if (ParseNumber(argument, "seconds", value) && value >= 1 && value <= 600) {
      options.seconds = value;
    } else if (ParseNumber(argument, "window", value) && value >= 1 && value <= 2000) {
      options.window = static_cast<int>(value);
    } else if (ParseNumber(argument, "batch_linger_ms", value) && value >= 0 && value < 1000) {
      options.batch_linger_ms = static_cast<int>(value);
    } else {
      fprintf(stderr, "bench: cannot use '%s'\n", argument.c_str());
      return false;
    }
  }
  return true;
}

int Main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, options)) {
    fprintf(stderr,
            "usage: tools/bench notify [--json] [--dialogs=N] [--seconds=S] [--window=N] "
            "[--batch_linger_ms=N] [--many] [--stalled=N] [--rate=N]\n");
    return 1;
  }
  const Measured sip = MeasureSipFloor(options);
  const Measured ours = MeasureGateway(options);
  const Measured grpc = MeasureGrpcFloor(options, ours);
  const double floor = sip.microseconds + grpc.microseconds;
  if (options.json) {
    printf(
        "{\"row\":\"%s\",\"ours_us\":%.2f,\"floor_us\":%.2f,\"ratio\":%.3f,"
        "\"events_per_s\":%.0f,\"n\":%llu,\"latency_p50_ms\":%.2f,\"latency_p99_ms\":%.2f}\n",
        options.many ? "notify_many" : "notify", ours.microseconds, floor,
        ours.microseconds / floor, ours.per_second, static_cast<unsigned long long>(ours.events),
        ours.latency_half, ours.latency_most);
    return 0;
  }
  printf("notify: %llu events over %zu dialogs, %.0f/s, %.1f items per stream message\n",
         static_cast<unsigned long long>(ours.events), options.dialogs, ours.per_second,
         ours.batch);
  printf("  gateway    %6.2f CPU us per event\n", ours.microseconds);
  printf("  sofia-sip  %6.2f  (bare lean sink that parses the body)\n", sip.microseconds);
  printf("  gRPC       %6.2f  (bare stream server, same batches)\n", grpc.microseconds);
  printf("  floor      %6.2f  ratio %.2f\n", floor, ours.microseconds / floor);
  if (options.many) {
    printf("  latency    %6.2f ms for half of the events, %.2f ms for 99 of 100\n",
           ours.latency_half, ours.latency_most);
  }
  return 0;
}

}  // namespace
}  // namespace sipevents::bench

int main(int argc, char** argv) { return sipevents::bench::Main(argc, argv); }
