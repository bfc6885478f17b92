// Lists of resources: what is told of members names them, ends only what was told, stays within the
// bounds, and does not depend on what the memory held before.
//
// Input: "s" for the strict profile, else lenient; then parts, one for each NOTIFY: "=" for RLMI
// alone, "-" for a multipart without `type`, else a multipart/related, each with the boundary B;
// the body. Line ends may be LF alone.

#include "sip/packages/event_list.h"

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "sip/packages/package_table.h"
#include "sip/packages/rlmi.h"
#include "tests/fuzz/fuzzing.h"

namespace sipevents::fuzz {
namespace {

constexpr size_t kMaxNotifies = 16;

std::string_view TypeOf(uint8_t how) {
  if (how == '=') return "application/rlmi+xml";
  if (how == '-') return "multipart/related; boundary=B";
  return "multipart/related; type=\"application/rlmi+xml\"; start=\"<r>\"; boundary=\"B\"";
}

// A list, and what its listener was told so far.
class Follower final : public sip::MemberListener {
 public:
  explicit Follower(std::string_view event_package) : list_(sip::FindPackage(event_package)) {}

  // Makes the memory of the scratch another one than that of a new one.
  void Stir(std::string_view body) {
    if (const auto root = scratch_.Parse(body, true); root.ok()) scratch_.Text(*root);
  }

  std::string Take(uint8_t how, std::string_view body, uint32_t cseq, bool lenient) {
    told_.clear();
    if (!sip::IsEventList(TypeOf(how), lenient)) return told_;
    const sip::ListResult result = list_.Merge(
        {.dialog = 1, .content_type = TypeOf(how), .body = body, .cseq = cseq, .lenient = lenient},
        scratch_, *this);
    FUZZ_EXPECT(list_.size() <= sip::kMaxListMembers);
    FUZZ_EXPECT(shown_.size() <= sip::kMaxListMembers);
    told_ += result.resync ? 'r' : '-';
    told_ += result.parts_missing ? 'm' : '-';
    return told_ + result.error;
  }

 private:
  void OnMember(const sip::MemberNews& news) override {
    FUZZ_EXPECT(!news.uri.empty());
    Touch(news.uri);
    Touch(news.name);
    Touch(news.content_type);
    Touch(news.body);
    shown_.emplace(news.uri, news.instance);
    told_ += "+" + std::string(news.uri) + "#" + std::to_string(news.instance) + "=" +
             std::string(news.error) + (news.document != nullptr ? "d" : "-");
  }
  void OnMemberGone(std::string_view uri, uint32_t instance, std::string_view reason) override {
    FUZZ_EXPECT(!uri.empty());
    shown_.erase({std::string(uri), instance});
    told_ += "-" + std::string(uri) + "#" + std::to_string(instance) + std::string(reason);
  }

  sip::EventList list_;
  sip::DecodeScratch scratch_;
  std::set<std::pair<std::string, uint32_t>> shown_;
  std::string told_;
};

}  // namespace
}  // namespace sipevents::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sipevents::fuzz::Follower;
  std::string_view input = sipevents::fuzz::AsText(data, size);
  const bool lenient = sipevents::fuzz::TakeOctet(input) != 's';
  Follower one("dialog");
  Follower other("dialog");
  uint32_t cseq = 0;
  for (std::string_view part : sipevents::fuzz::SplitParts(input, sipevents::fuzz::kMaxNotifies)) {
    const uint8_t how = sipevents::fuzz::TakeOctet(part);
    ++cseq;
    other.Stir(input);
    FUZZ_EXPECT(one.Take(how, part, cseq, lenient) == other.Take(how, part, cseq, lenient));
  }
  return 0;
}
