#include "sip/compose/rich_presence_words.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"

namespace sipevents::sip {
namespace {

// RFC 4480 sections 3 and 7; with blanks between them.
constexpr std::string_view kActivityWords =
    "appointment away breakfast busy dinner holiday in-transit looking-for-work meal meeting "
    "on-the-phone other performance permanent-absence playing presentation shopping sleeping "
    "spectator steering travel tv unknown vacation working worship";
constexpr std::string_view kMoodWords =
    "afraid amazed angry annoyed anxious ashamed bored brave calm cold confused contented "
    "cranky curious depressed disappointed disgusted distracted embarrassed excited "
    "flirtatious frustrated grumpy guilty happy hot humbled humiliated hungry hurt impressed "
    "in_awe in_love indignant interested invincible jealous lonely mean moody nervous neutral "
    "offended other playful proud relieved remorseful restless sad sarcastic serious shocked "
    "shy sick sleepy stressed surprised thirsty unknown worried";
constexpr std::string_view kAudioWords = "noisy ok quiet unknown";
constexpr std::string_view kVideoWords = "toobright ok dark unknown";
constexpr std::string_view kTextWords = "uncomfortable inappropriate ok unknown";
// RFC 4589 section 3.
constexpr std::string_view kPlaceWords =
    "aircraft airport arena automobile bank bar bicycle bus bus-station cafe classroom club "
    "construction convention-center government hospital hotel industrial library motorcycle "
    "office other outdoors parking place-of-worship prison public public-transport residence "
    "restaurant school shopping-area stadium store street theater train train-station truck "
    "underway unknown warehouse water watercraft";
constexpr std::string_view kPrivacyWords = "audio text video unknown";
constexpr std::string_view kRelationshipWords =
    "assistant associate family friend other self supervisor unknown";
constexpr std::string_view kServiceClassWords =
    "courier electronic freight in-person postal unknown";
constexpr std::string_view kSphereWords = "home work unknown";

// What the schema lets stand in one element.
enum class Several {
  kNo,
  kYes,
  kUnknownAlone,  // but `unknown` has no other beside it
};
enum class Other {
  kNo,
  kBesideWords,  // free text
  kAlone,        // likewise, in place of words
};

struct Row {
  RichElementKind kind;
  std::string_view words;
  Several several;
  Other other;
  std::string_view expected;  // empty: the words themselves
};

constexpr std::array kRows = {
    Row{kActivities, kActivityWords, Several::kUnknownAlone, Other::kBesideWords,
        "an activity of RFC 4480 section 3.2, like on-the-phone"},
    Row{kMood, kMoodWords, Several::kUnknownAlone, Other::kBesideWords,
        "a mood of RFC 4480, like happy"},
    Row{kPlaceIsAudio, kAudioWords, Several::kNo, Other::kNo, ""},
    Row{kPlaceIsVideo, kVideoWords, Several::kNo, Other::kNo, ""},
    Row{kPlaceIsText, kTextWords, Several::kNo, Other::kNo, ""},
    Row{kPlaceType, kPlaceWords, Several::kYes, Other::kAlone,
        "a kind of place of RFC 4589, like office"},
    Row{kPrivacy, kPrivacyWords, Several::kUnknownAlone, Other::kNo, ""},
    Row{kRelationship, kRelationshipWords, Several::kNo, Other::kAlone, ""},
    Row{kServiceClass, kServiceClassWords, Several::kNo, Other::kNo, ""},
    Row{kSphere, kSphereWords, Several::kNo, Other::kNo, ""},
};

const Row& RowOf(RichElementKind kind) {
  return *std::find_if(kRows.begin(), kRows.end(),
                       [kind](const Row& row) { return row.kind == kind; });
}

bool Knows(const Row& row, std::string_view word) {
  for (const absl::string_view known : absl::StrSplit(AbslView(row.words), ' ')) {
    if (known == AbslView(word)) return true;
  }
  return false;
}

std::string Expected(const Row& row) {
  std::string expected(row.expected);
  if (expected.empty()) {
    expected = absl::StrCat("one of ", absl::StrReplaceAll(AbslView(row.words), {{" ", ", "}}));
  }
  if (row.other != Other::kNo) absl::StrAppend(&expected, "; free text goes into other");
  return expected;
}

absl::Status CheckEachWord(const FieldPath& path, const Row& row, const RichElement& element) {
  for (size_t i = 0; i < element.values.size(); ++i) {
    if (row.kind == kSphere || Knows(row, element.values[i])) continue;
    return FieldError(FieldPath(path, "values", i), QuoteForMessage(element.values[i]),
                      Expected(row));
  }
  return absl::OkStatus();
}

absl::Status CheckOther(const FieldPath& path, const Row& row, const RichElement& element) {
  if (element.other.empty()) return absl::OkStatus();
  const FieldPath other(path, "other");
  SIPEVENTS_RETURN_IF_ERROR(CheckText(other, element.other));
  if (row.other == Other::kNo) {
    return FieldError(other, QuoteForMessage(element.other), "nothing here");
  }
  if (row.other == Other::kAlone && !element.values.empty()) {
    return FieldError(other, QuoteForMessage(element.other), "either this or values");
  }
  return absl::OkStatus();
}

absl::Status CheckCount(const FieldPath& path, const Row& row, const RichElement& element) {
  const FieldPath values(path, "values");
  const size_t count = element.values.size();
  if (row.several == Several::kNo && count > 1) {
    return FieldError(values, absl::StrCat(count, " values"), "one value");
  }
  const bool is_alone = count == 1 && element.other.empty();
  const auto& all = element.values;
  const bool has_unknown = std::find(all.begin(), all.end(), "unknown") != all.end();
  if (row.several == Several::kUnknownAlone && has_unknown && !is_alone) {
    return FieldError(values, "unknown beside others", "unknown alone, or the others");
  }
  return absl::OkStatus();
}

// As the schema has it for media.
absl::Status CheckOnce(const FieldPath& path, absl::Span<const std::string_view> values) {
  for (size_t i = 1; i < values.size(); ++i) {
    if (std::find(values.begin(), values.begin() + i, values[i]) == values.begin() + i) continue;
    return FieldError(FieldPath(path, "values", i), QuoteForMessage(values[i]), "each value once");
  }
  return absl::OkStatus();
}

}  // namespace

bool IsRichWord(RichElementKind kind, std::string_view word) { return Knows(RowOf(kind), word); }

absl::Status CheckRichWords(const FieldPath& path, RichElementKind kind,
                            const RichElement& element) {
  const Row& row = RowOf(kind);
  if (element.values.empty() && element.other.empty()) {
    return FieldError(FieldPath(path, "values"), "empty", "at least one value");
  }
  SIPEVENTS_RETURN_IF_ERROR(CheckEachWord(path, row, element));
  SIPEVENTS_RETURN_IF_ERROR(CheckCount(path, row, element));
  if (kind == kPrivacy) {
    SIPEVENTS_RETURN_IF_ERROR(CheckOnce(path, element.values));
  }
  return CheckOther(path, row, element);
}

}  // namespace sipevents::sip
