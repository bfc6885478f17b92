#include "tests/fuzz/package_run.h"

#include <string>

#include "gateway/registry/event_encoder.h"
#include "sip/body/decode_scratch.h"
#include "sipevents/v1/event.pb.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

using Kind = sip::MergeResult::Kind;

constexpr size_t kMaxNotifies = 32;

// One NOTIFY of the input.
struct Step {
  uint32_t dialog = 0;
  bool drop = false;
  std::string_view content_type;
  bool earlier = false;
  std::string_view event_parameters;
  std::string_view call_info;
  std::string_view body;
};

// Takes a line "!E…" or "!C…" off the front.
bool TakeHeader(std::string_view& part, Step& step) {
  if (!part.starts_with("!E") && !part.starts_with("!C")) return false;
  std::string_view& header = part[1] == 'E' ? step.event_parameters : step.call_info;
  const size_t end = part.find('\n');
  header = part.substr(2, end - 2);
  part = end == std::string_view::npos ? std::string_view() : part.substr(end + 1);
  return true;
}

Step ReadStep(std::string_view part, std::string_view type) {
  Step step;
  const uint8_t fork = TakeOctet(part);
  step.dialog = fork % 4;
  step.drop = fork >= 'A' && fork <= 'Z';
  const uint8_t how = TakeOctet(part);
  step.content_type = how == '=' ? type : how == '-' ? "" : "application/x-other; a=\"b\"";
  if (part.starts_with('<') && part.substr(1).starts_with('<')) {
    step.earlier = true;
    part.remove_prefix(1);
  }
  while (TakeHeader(part, step)) {
  }
  step.body = part;
  return step;
}

// A merger and what is behind it, as on the way of a notification.
class Way {
 public:
  explicit Way(const sip::EventPackage& package) : merger_(package.new_merger()) {}

  // Makes the memory of the scratch another one than that of a new one.
  void Stir(std::string_view body) {
    if (const auto root = scratch_.Parse(body, true); root.ok()) scratch_.Text(*root);
    scratch_.Load("Messages-Waiting: yes\r\n");
  }

  // Returns what a client would get of it, or why it would get nothing.
  std::string Take(const Step& step, uint32_t cseq, bool lenient) {
    const sip::MergeResult result = step.drop
                                        ? merger_->DropDialog(step.dialog, scratch_)
                                        : merger_->Merge({.dialog = step.dialog,
                                                          .content_type = step.content_type,
                                                          .body = step.body,
                                                          .event_parameters = step.event_parameters,
                                                          .call_info = step.call_info,
                                                          .cseq = cseq,
                                                          .lenient = lenient},
                                                         scratch_);
    FUZZ_EXPECT((result.kind == Kind::kError) == !result.error.empty());
    FUZZ_EXPECT((result.kind == Kind::kDocument) == (result.document != nullptr));
    sip::Notification notification;
    notification.dialog = "a";
    notification.content_type = step.content_type;
    notification.body = step.body;
    notification.body_is_partial = result.body_is_partial;
    notification.document = result.document;
    notification.decode_error = result.error;
    const auto encoded = encoder_.Encode(head_, notification, last_document_);
    CheckEncoded(encoded.event);
    last_document_ = encoded.event.substr(encoded.event.size() - encoded.document_octets);
    std::string outcome(1, static_cast<char>('0' + static_cast<int>(result.kind)));
    outcome += result.resync ? 'r' : '-';
    outcome += encoded.event;
    return outcome;
  }

 private:
  void CheckEncoded(std::string_view event) {
    v1::Event parsed;
    FUZZ_EXPECT(parsed.ParseFromArray(event.data(), static_cast<int>(event.size())));
  }

  std::unique_ptr<sip::StateMerger> merger_;
  sip::DecodeScratch scratch_;
  gateway::EventEncoder encoder_;
  const std::string head_ =
      gateway::EventEncoder::EncodeHead("subscriptions/a", "sip:alice@example.com", "p");
  std::string last_document_;
};

}  // namespace

void RunPackage(const sip::EventPackage& package, std::string_view type, std::string_view input) {
  const bool lenient = TakeOctet(input) != 's';
  Way way(package);
  Way again(package);
  uint32_t cseq = 100;
  for (const std::string_view part : SplitParts(input, kMaxNotifies)) {
    const Step step = ReadStep(part, type);
    cseq += step.earlier ? -2 : 1;
    again.Stir(input);
    FUZZ_EXPECT(way.Take(step, cseq, lenient) == again.Take(step, cseq, lenient));
  }
}

}  // namespace sipevents::fuzz
