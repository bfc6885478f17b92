// Where requests go: URIs of peers, and records of strangers' DNS servers.
//
// Input: parts: a URI; lines "order preference flags service replacement" as NAPTR records; lines
// "priority weight port target" as SRV records; a text as --sip_allowed_destinations.

#include "sip/location/location.h"

#include <sstream>

#include "sip/location/destination_policy.h"
#include "tests/fakes/fake_random.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

constexpr size_t kMaxRecords = 64;

// A name that DNS may be asked for, or an address.
void CheckName(std::string_view name, bool numeric) {
  const std::optional<std::string> same = numeric ? sip::NumericAddress(name) : sip::HostName(name);
  FUZZ_EXPECT(same == name);
}

std::optional<sip::LocationPlan> CheckPlan(std::string_view uri, const sip::SendingMeans& means) {
  const auto plan = sip::PlanLocation(uri, means, false);
  if (!plan.ok()) return std::nullopt;
  CheckName(plan->name, plan->numeric);
  FUZZ_EXPECT(!plan->transports.empty());
  for (const Transport transport : plan->transports) {
    FUZZ_EXPECT(means.Can(transport));
    FUZZ_EXPECT(!plan->secure || transport == Transport::kTls);
  }
  FUZZ_EXPECT(plan->services.size() <= sip::kMaxServices);
  FUZZ_EXPECT(!plan->numeric || (plan->services.empty() && !plan->ask_naptr));
  return *plan;
}

void CheckServices(std::string_view lines, const sip::LocationPlan& plan,
                   const sip::SendingMeans& means) {
  std::vector<sip::NaptrRecord> records;
  std::istringstream stream{std::string(lines)};
  sip::NaptrRecord record;
  while (records.size() < kMaxRecords && stream >> record.order >> record.preference >>
                                             record.flags >> record.service >> record.replacement) {
    records.push_back(record);
  }
  const auto services = sip::ChooseServices(records, plan, means);
  FUZZ_EXPECT(services.size() <= sip::kMaxServices);
  for (const sip::SipService& service : services) {
    FUZZ_EXPECT(means.Can(service.transport));
    FUZZ_EXPECT(!plan.secure || service.transport == Transport::kTls);
    CheckName(service.name, false);
  }
}

void CheckServers(std::string_view lines) {
  std::vector<sip::SrvRecord> records;
  std::istringstream stream{std::string(lines)};
  sip::SrvRecord record;
  while (records.size() < kMaxRecords &&
         stream >> record.priority >> record.weight >> record.port >> record.target) {
    records.push_back(record);
  }
  FakeRandom random;
  const size_t given = records.size();
  const auto servers = sip::OrderServers(std::move(records), random);
  FUZZ_EXPECT(servers.size() <= given);
  uint16_t priority = 0;
  for (const sip::SrvRecord& server : servers) {
    CheckName(server.target, false);
    FUZZ_EXPECT(server.port != 0);
    FUZZ_EXPECT(server.priority >= priority);
    priority = server.priority;
  }
}

void CheckDestinations(std::string_view text, std::string_view name) {
  const auto policy = sip::DestinationPolicy::Parse(text);
  if (!policy.ok()) {
    FUZZ_EXPECT(policy.status().code() == absl::StatusCode::kInvalidArgument);
    return;
  }
  sip::NextHop hop;
  hop.address = {.host = std::string(name), .port = 5060};
  hop.name = std::string(name);
  (void)policy->Allows(hop);
}

void Run(std::string_view input) {
  std::vector<std::string_view> parts = SplitParts(input, 4);
  parts.resize(4);
  const sip::SendingMeans means = {
      .udp = true, .tcp = true, .tls = true, .ipv4 = true, .ipv6 = true};
  const auto plan = CheckPlan(parts[0], means);
  if (plan.has_value()) CheckServices(parts[1], *plan, means);
  CheckServers(parts[2]);
  const std::optional<std::string> address = sip::NumericAddress(parts[0]);
  CheckDestinations(parts[3], address.value_or(plan.has_value() ? plan->name : "192.0.2.1"));
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipevents::fuzz::Run(sipevents::fuzz::AsText(data, size));
  return 0;
}
