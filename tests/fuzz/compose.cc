// Bodies that are published: what passes the check adds up to documents that pass it, too, always
// the same ones; and who follows a presence by its changes sees what all see. What does not pass
// does no harm either.
//
// Input: an octet that chooses the package, "p", "d", "m", or else one of no rules; then parts, one
// for each publication.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/registry/document_encoder.h"
#include "sip/base/reverse_wire_writer.h"
#include "sip/body/decode_scratch.h"
#include "sip/compose/composition.h"
#include "sip/compose/dialog_view.h"
#include "sip/compose/presence_diff.h"
#include "sip/compose/resource_list_reader.h"
#include "sip/packages/event_package.h"
#include "sip/packages/package_table.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

constexpr size_t kMaxPublications = 6;
constexpr size_t kMostEntries = 50;
constexpr std::string_view kResource = "sip:mira&co@example.com";

struct Package {
  std::string_view name;
  std::string_view type;
};

Package PackageOf(uint8_t octet) {
  switch (octet) {
    case 'p':
      return {"presence", "application/pidf+xml"};
    case 'd':
      return {"dialog", "application/dialog-info+xml"};
    case 'm':
      return {"message-summary", "application/simple-message-summary"};
    default:
      return {"x-own", "application/octet-stream"};
  }
}

// Several publications that are fine may be more than a reader takes of one, or twice as deep.
bool IsOfBounds(std::string_view message) {
  return message.find("more than") != std::string_view::npos ||
         message.find("too many") != std::string_view::npos ||
         message.find("takes more work") != std::string_view::npos;
}

std::string Encoded(const sip::Document& document) {
  ReverseWireWriter writer;
  gateway::WriteDocument(document, writer);
  return std::string(writer.bytes());
}

// A watcher of presence.
class Watcher {
 public:
  // The state after a body, or what is wrong with the body.
  std::string Take(std::string_view type, const std::string& body) {
    const sip::MergeResult result = merger_->Merge(
        {.dialog = 1, .content_type = type, .body = body, .cseq = ++cseq_}, scratch_);
    if (result.kind == sip::MergeResult::Kind::kDocument) return Encoded(*result.document);
    failed_ = true;
    return result.error;
  }
  std::string Take(sip::ComposedBody body) {
    body.body.insert(body.version_at, std::to_string(cseq_));
    return Take(body.content_type, body.body);
  }
  bool failed() const { return failed_; }

 private:
  std::unique_ptr<sip::StateMerger> merger_ = sip::FindPackage("presence").new_merger();
  sip::DecodeScratch scratch_;
  uint32_t cseq_ = 0;
  bool failed_ = false;
};

// Who follows the changes sees what who is told all anew sees.
void RunChanges(const std::string& before, const std::string& after) {
  Watcher all;
  const std::string wanted = all.Take("application/pidf+xml", after);
  Watcher changes;
  changes.Take(sip::PresenceAsFull(before));
  const std::string shown = changes.Take(sip::PresenceAsChanges(before, after));
  if (all.failed() || changes.failed()) {
    // An element that must be understood and is not: neither shows anything.
    FUZZ_EXPECT(all.failed() || IsOfBounds(shown));
    return;
  }
  FUZZ_EXPECT(shown == wanted);
}

// What some watchers of dialogs are not shown leaves a document that others can read.
void RunView(const sip::ComposedBody& composed) {
  sip::ComposedState state{composed, "tag", {}};
  if (std::optional<sip::ComposedBody> shown = sip::WithoutSessions(composed)) {
    FUZZ_EXPECT(!sip::WithoutSessions(*shown).has_value());
    state.full = *std::move(shown);
  }
  sip::ComposedBody made;
  for (const sip::DialogWishes& wishes : {sip::DialogWishes(), {.call_id = "c1"}}) {
    const sip::ComposedBody& shown = sip::DialogsFor(wishes, state, made);
    FUZZ_EXPECT(shown.body.size() <= composed.body.size());
    FUZZ_EXPECT(sip::CheckPublished("dialog", kResource, shown.content_type, shown.body).ok());
  }
}

// The last one came, and then the first ones leave, one after the other: with the ids of the time
// before, what is shown can be read, too.
void RunKeepingIds(const Package& package, absl::Span<const sip::PublishedState> some,
                   sip::ShownIds& shown) {
  sip::Compose(package.name, kResource, some, &shown);
  sip::ShownIds left = shown;
  for (; !some.empty(); some.remove_prefix(1)) {
    const sip::ComposedBody composed = sip::Compose(package.name, kResource, some, &left);
    const absl::Status status =
        sip::CheckPublished(package.name, kResource, composed.content_type, composed.body);
    FUZZ_EXPECT(status.ok() || IsOfBounds({status.message().data(), status.message().size()}));
  }
}

void Run(uint8_t octet, const std::vector<std::string_view>& parts) {
  const Package package = PackageOf(octet);
  std::vector<sip::PublishedState> all;
  std::vector<sip::PublishedState> good;
  for (const std::string_view part : parts) {
    const std::string_view source = all.size() % 2 == 0 ? "s1" : "2x";
    all.push_back({source, package.type, part, absl::UnixEpoch() + absl::Hours(all.size() % 3)});
    const absl::Status status = sip::CheckPublished(package.name, kResource, package.type, part);
    FUZZ_EXPECT(status.ok() || !status.message().empty());
    if (status.ok()) good.push_back(all.back());
  }
  const sip::ComposedBody any = sip::Compose(package.name, kResource, all);
  FUZZ_EXPECT(any.version_at == sip::ComposedBody::kNoVersion || any.version_at <= any.body.size());
  Touch(any.body);
  std::string before;
  sip::ShownIds shown;
  for (size_t count = 1; count <= good.size(); ++count) {
    const absl::Span<const sip::PublishedState> some = absl::MakeSpan(good).first(count);
    const sip::ComposedBody composed = sip::Compose(package.name, kResource, some);
    FUZZ_EXPECT(composed == sip::Compose(package.name, kResource, some));
    RunKeepingIds(package, some, shown);
    const absl::Status status =
        sip::CheckPublished(package.name, kResource, composed.content_type, composed.body);
    FUZZ_EXPECT(status.ok() || IsOfBounds({status.message().data(), status.message().size()}));
    if (octet == 'd' && status.ok()) RunView(composed);
    if (!status.ok() || octet != 'p') continue;
    if (!before.empty()) RunChanges(before, composed.body);
    before = composed.body;
  }
}

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = sipevents::fuzz::AsText(data, size);
  const uint8_t octet = sipevents::fuzz::TakeOctet(input);
  const std::vector<std::string_view> parts =
      sipevents::fuzz::SplitParts(input, sipevents::fuzz::kMaxPublications);
  sipevents::fuzz::Run(octet, parts);
  for (const std::string_view part : parts) {
    const std::string before(parts.front());
    sipevents::fuzz::Touch(sipevents::sip::PresenceAsChanges(before, part).body);
    const auto entries = sipevents::sip::ReadResourceLists(part, sipevents::fuzz::kMostEntries);
    FUZZ_EXPECT(!entries.ok() || entries->size() <= sipevents::fuzz::kMostEntries);
  }
  return 0;
}
