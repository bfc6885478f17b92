// CPU time from the body of a NOTIFY to the encoded event, per event package, beside what it costs
// to read the body at all: pugixml alone, or the lines of a text.
//
// Usage: decode_bench [--json] [--only=ROW] [--versions=N] [--rounds=N]

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/registry/event_encoder.h"
#include "pugixml.hpp"
#include "sip/agent.h"
#include "sip/body/decode_scratch.h"
#include "sip/packages/package_table.h"
#include "tests/bench/documents.h"

namespace sipevents::bench {
namespace {

struct Options {
  bool json = false;
  std::string only{};  // a row; empty: all
  uint32_t versions = 500;
  int rounds = 15;
};

double CpuMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

[[noreturn]] void Abort(const std::string& row, const std::string& why) {
  fprintf(stderr, "decode_bench: %s: %s\n", row.c_str(), why.c_str());
  exit(1);
}

// The middle one of several rounds, which one disturbed round does not change.
double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// One Subscription from its first NOTIFY on; aborts if a body does not give a document.
size_t Decode(const DocumentSeries& series, const std::vector<std::string>& bodies,
              const sip::EventPackage& package, sip::DecodeScratch& scratch) {
  static gateway::EventEncoder encoder;
  const std::string head =
      gateway::EventEncoder::EncodeHead("subscriptions/a", "sip:user@example.com", package.name);
  const std::unique_ptr<sip::StateMerger> merger = package.new_merger();
  size_t octets = 0;
  uint32_t cseq = 0;
  for (const std::string& body : bodies) {
    const sip::MergeResult result = merger->Merge(
        {.dialog = 1, .content_type = series.content_type, .body = body, .cseq = ++cseq}, scratch);
    if (result.document == nullptr) Abort(series.row, "no document: " + result.error);
    sip::Notification notification;
    notification.dialog = "a";
    notification.content_type = series.content_type;
    notification.body_is_partial = result.body_is_partial;
    notification.document = result.document;
    octets += encoder.Encode(head, notification, "").event.size();
  }
  return octets;
}

size_t ReadOnly(const DocumentSeries& series, const std::vector<std::string>& bodies) {
  static std::string buffer;
  static pugi::xml_document xml;
  size_t seen = 0;
  for (const std::string& body : bodies) {
    buffer.assign(body);
    if (series.xml) {
      if (!xml.load_buffer_inplace(buffer.data(), buffer.size())) Abort(series.row, "no XML");
      seen += xml.first_child() ? 1 : 0;
    } else {
      for (size_t at = 0; (at = buffer.find('\n', at)) != std::string::npos; ++at) ++seen;
    }
  }
  return seen;
}

void Measure(const DocumentSeries& series, const Options& options) {
  const sip::EventPackage& package = sip::FindPackage(series.event_package);
  std::vector<std::string> bodies;
  size_t octets = 0;
  for (uint32_t version = 0; version < options.versions; ++version) {
    bodies.push_back(series.body(version));
    octets += bodies.back().size();
  }
  sip::DecodeScratch scratch;
  std::vector<double> ours;
  std::vector<double> floor;
  for (int round = 0; round < options.rounds; ++round) {
    double begin = CpuMicroseconds();
    if (Decode(series, bodies, package, scratch) == 0) Abort(series.row, "no events");
    ours.push_back((CpuMicroseconds() - begin) / options.versions);
    begin = CpuMicroseconds();
    if (ReadOnly(series, bodies) == 0) Abort(series.row, "nothing read");
    floor.push_back((CpuMicroseconds() - begin) / options.versions);
  }
  const double ours_us = Median(ours);
  const double floor_us = Median(floor);
  const auto n = static_cast<unsigned long long>(options.versions) * options.rounds;
  const size_t average = octets / options.versions;
  if (options.json) {
    printf(
        "{\"row\":\"decode_%s\",\"ours_us\":%.2f,\"floor_us\":%.2f,\"ratio\":%.3f,"
        "\"octets\":%zu,\"n\":%llu}\n",
        series.row.c_str(), ours_us, floor_us, ours_us / floor_us, average, n);
  } else {
    printf("%-18s %6zu octets  %6.2f us  %s %5.2f us  ratio %.1f\n", series.row.c_str(), average,
           ours_us, series.xml ? "pugixml" : "lines  ", floor_us, ours_us / floor_us);
  }
}

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument.starts_with("--only=")) {
      options.only = argument.substr(7);
    } else if (argument.starts_with("--versions=")) {
      options.versions = std::max(1, atoi(argument.c_str() + 11));
    } else if (argument.starts_with("--rounds=")) {
      options.rounds = std::max(1, atoi(argument.c_str() + 9));
    } else {
      fprintf(stderr,
              "usage: tools/bench decode [--json] [--only=ROW] [--versions=N] [--rounds=N]\n");
      return 1;
    }
  }
  for (const DocumentSeries& series : AllDocumentSeries()) {
    if (options.only.empty() || options.only == series.row) Measure(series, options);
  }
  return 0;
}

}  // namespace
}  // namespace sipevents::bench

int main(int argc, char** argv) { return sipevents::bench::Main(argc, argv); }
