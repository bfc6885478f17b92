#ifndef TESTS_BENCH_MEASURE_PUBLISH_H_
#define TESTS_BENCH_MEASURE_PUBLISH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tests/bench/presence_server.h"
#include "tests/bench/publish_load.h"

namespace sipevents::bench {

// One load that servers are measured under.
struct Row {
  const char* name;
  const char* title;
  const char* unit;  // of its cost
  size_t resources;
  size_t watchers;  // of each resource
  // Resources that are published at a time, as fast as they can; 0: watchers are what is measured.
  size_t window;
  double rate;  // publications a second for the latency; 0: none is measured
  bool is_memory;
  bool is_grpc;  // published through the Publications service: the gateway only
};

std::span<const Row> Rows();

struct MeasureOptions {
  double seconds = 4;  // of each load
  double settle = 35;  // seconds before memory is read: longer than 64 * T1
  double scale = 1;    // of the numbers of watchers
};

struct Measured {
  double cost = 0;  // CPU us per NOTIFY or new watcher, or octets of a watcher
  double per_second = 0;
  uint64_t count = 0;
  double paced_cost = 0;    // CPU us per NOTIFY at the rate of the row
  double latency_half = 0;  // ms at that rate; half of the NOTIFYs took no longer
  double latency_most = 0;  // ms; 99 of 100
  std::string faults;       // in words
  bool sound = true;        // each watcher got each state once and in its turn
  bool lost = false;        // states: the figures mean nothing
};

// Starts a server and measures it under a load.
Measured Measure(const Row& row, ServerKind kind, const ServerOptions& servers,
                 const MeasureOptions& options);

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_MEASURE_PUBLISH_H_
