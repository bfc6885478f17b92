#include "tests/docs/packages_page.h"

#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/registry/event_encoder.h"
#include "google/protobuf/util/json_util.h"
#include "sip/body/decode_scratch.h"
#include "sip/packages/package_table.h"
#include "sipevents/v1/event.pb.h"

namespace sipevents::testing {
namespace {

constexpr std::string_view kSection = "\n## `";
constexpr std::string_view kNotify = "\n```sip\n";
constexpr std::string_view kJson = "\n```json\n";
constexpr std::string_view kEnd = "\n```\n";

// A NOTIFY as the page has it.
struct PageNotify {
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

PageNotify Parse(const std::string& text) {
  PageNotify notify;
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits("\n\n", 1));
  for (const absl::string_view line : absl::StrSplit(parts[0], '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> header =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    std::string& value = notify.headers[absl::AsciiStrToLower(header.first)];
    absl::StrAppend(&value, value.empty() ? "" : ", ", absl::StripAsciiWhitespace(header.second));
  }
  if (parts.size() > 1) notify.body = parts[1];
  return notify;
}

// Event carries its parameters after the first semicolon.
std::string ParametersOf(const std::string& event) {
  const size_t semicolon = event.find(';');
  return semicolon == std::string::npos ? "" : event.substr(semicolon + 1);
}

std::string ToJson(const sip::MergeResult& result) {
  if (result.kind != sip::MergeResult::Kind::kDocument) return result.error;
  sip::Notification notification;
  notification.document = result.document;
  notification.body_is_partial = result.body_is_partial;
  gateway::EventEncoder encoder;
  v1::Event event;
  event.ParseFromString(std::string(encoder.Encode("", notification, "").event));
  event.clear_receive_time();
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(event, &json, options);
  if (!status.ok()) return std::string(status.message());
  return std::string(absl::StripAsciiWhitespace(json));
}

}  // namespace

PackagesPage ReadPackagesPage(std::string_view page) {
  PackagesPage read;
  std::string package;
  size_t at = 0;
  for (;;) {
    const size_t section = page.find(kSection, at);
    const size_t notify = page.find(kNotify, at);
    if (section == std::string_view::npos && notify == std::string_view::npos) return read;
    if (section < notify) {
      const size_t begin = section + kSection.size();
      at = page.find('`', begin);
      package = std::string(page.substr(begin, at - begin));
      read.packages.push_back(package);
      continue;
    }
    PageExample example;
    example.event_package = package;
    const size_t begin = notify + kNotify.size();
    const size_t end = page.find(kEnd, begin);
    example.notify = std::string(page.substr(begin, end - begin));
    // The JSON comes next, or is missing.
    at = end + kEnd.size() - 1;
    example.json_begin = example.json_end = at + 1;
    if (page.substr(at + 1).starts_with(kJson)) {
      const size_t json = example.json_begin + kJson.size();
      const size_t json_end = page.find(kEnd, json);
      example.json = std::string(page.substr(json, json_end - json));
      at = json_end + kEnd.size() - 1;
      example.json_end = at + 1;
    }
    read.examples.push_back(std::move(example));
  }
}

std::vector<std::string> JsonOfNotifies(const std::string& event_package,
                                        const std::vector<std::string>& notifies) {
  const auto merger = sip::FindPackage(event_package).new_merger();
  sip::DecodeScratch scratch;
  std::vector<std::string> all;
  uint32_t cseq = 0;
  for (const std::string& text : notifies) {
    PageNotify notify = Parse(text);
    const std::string parameters = ParametersOf(notify.headers["event"]);
    all.push_back(ToJson(merger->Merge({.dialog = 1,
                                        .content_type = notify.headers["content-type"],
                                        .body = notify.body,
                                        .event_parameters = parameters,
                                        .call_info = notify.headers["call-info"],
                                        .cseq = ++cseq},
                                       scratch)));
  }
  return all;
}

}  // namespace sipevents::testing
