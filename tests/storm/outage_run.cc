// What a notifier's outage does: how many SUBSCRIBEs come in each second, and how long it takes
// until all is well again. To be run where bazel-bin/ is: see tools/bench.
//
// Usage: outage_run [--subscriptions=N] [--rate=N] [--away=DURATION] [--t1=DURATION]
//                   [--expires=SECONDS] [--closed] [--forgets] [--gateway_flag=FLAG]…

#include <cstdio>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/storm/outage.h"

namespace sipevents::testing {
namespace {

bool Number(std::string_view argument, std::string_view flag, int& number) {
  if (!argument.starts_with(flag)) return false;
  return absl::SimpleAtoi(std::string(argument.substr(flag.size())), &number) && number > 0;
}

bool Duration(std::string_view argument, std::string_view flag, absl::Duration& duration) {
  if (!argument.starts_with(flag)) return false;
  return absl::ParseDuration(std::string(argument.substr(flag.size())), &duration) &&
         duration > absl::ZeroDuration();
}

bool Parse(std::string_view argument, OutageOptions& options) {
  constexpr std::string_view kMore = "--gateway_flag=";
  if (argument == "--closed") {
    options.how = StormPeer::Mode::kClosed;
  } else if (argument == "--forgets") {
    options.forgets = true;
  } else if (argument.starts_with(kMore)) {
    options.more_flags.emplace_back(argument.substr(kMore.size()));
  } else if (Number(argument, "--expires=", options.expires_before)) {
    options.expires_after = options.expires_before;
  } else {
    return Number(argument, "--subscriptions=", options.subscriptions) ||
           Number(argument, "--rate=", options.rate) ||
           Duration(argument, "--away=", options.away) || Duration(argument, "--t1=", options.t1);
  }
  return true;
}

void PrintSeconds(const char* what, const OutageReport& report, absl::Time from, absl::Time to) {
  printf("SUBSCRIBEs per second, %s:\n", what);
  int column = 0;
  for (const int count : report.PerSecond(from, to)) {
    printf("%6d%s", count, ++column % 15 == 0 ? "\n" : "");
  }
  printf("\n");
}

void Print(const OutageOptions& options, const OutageReport& report) {
  PrintSeconds("from the first one", report, report.began, report.stopped);
  PrintSeconds("while it is away", report, report.stopped, report.back);
  PrintSeconds("from the return", report, report.back, report.all_active);
  printf("largest second           %d (rate %d)\n", report.LargestSecond(), options.rate);
  printf("found to be down         %.0f times\n", report.trips);
  printf("Subscriptions waiting    %d at the most, %d listed at the return\n", report.most_waiting,
         report.most_waiting_listed);
  printf("requests waiting         %.0f at the most\n", report.most_requests_waiting);
  printf("memory                   %.0f MiB before, %.0f MiB at the most while it was away\n",
         report.memory_before / 1048576, report.memory_during / 1048576);
  printf("all ACTIVE after         %s\n",
         absl::FormatDuration(report.all_active - report.back).c_str());
}

int Main(int argc, char** argv) {
  OutageOptions options;
  for (int i = 1; i < argc; ++i) {
    if (Parse(argv[i], options)) continue;
    fprintf(stderr, "outage_run: cannot use '%s'\n", argv[i]);
    return 1;
  }
  const absl::StatusOr<OutageReport> report =
      RunOutage(options, [](const std::string& line) { fprintf(stderr, "%s\n", line.c_str()); });
  if (!report.ok()) {
    fprintf(stderr, "outage_run: %s\n", std::string(report.status().message()).c_str());
    return 1;
  }
  Print(options, *report);
  return 0;
}

}  // namespace
}  // namespace sipevents::testing

int main(int argc, char** argv) { return sipevents::testing::Main(argc, argv); }
