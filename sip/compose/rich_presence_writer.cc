#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sip/base/ascii.h"
#include "sip/base/status_macros.h"
#include "sip/compose/rich_presence_words.h"
#include "sip/compose/typed_writers.h"
#include "sip/compose/xml_text.h"

namespace sipevents::sip {
namespace {

// How the values of an element are written.
enum class Form {
  kWords,     // empty elements named after the value: <r:activities><r:away/></r:activities>
  kFreeWord,  // the same, or a text of the publisher's own
  kText,      // one text: <r:class>auth</r:class>
  kUri,
  kPlace,  // words within a medium: <r:place-is><r:audio><r:noisy/></r:audio></r:place-is>
};

struct Row {
  RichElementKind kind;
  std::string_view field;    // as the API calls it
  std::string_view element;  // with its prefix; kPlace: that of the medium
  Form form;
  std::string_view word_prefix = "r:";
};

// RFC 4480 section 3, in the order of RichElementKind. Kinds of places are those of RFC 4589.
constexpr std::array<Row, kRichElementCount> kRows = {{
    {kActivities, "activities", "r:activities", Form::kWords},
    {kClass, "class", "r:class", Form::kText},
    {kMood, "mood", "r:mood", Form::kWords},
    {kPlaceIsAudio, "place_is_audio", "r:audio", Form::kPlace},
    {kPlaceIsVideo, "place_is_video", "r:video", Form::kPlace},
    {kPlaceIsText, "place_is_text", "r:text", Form::kPlace},
    {kPlaceType, "place_type", "r:place-type", Form::kWords, "lt:"},
    {kPrivacy, "privacy", "r:privacy", Form::kWords},
    {kRelationship, "relationship", "r:relationship", Form::kWords},
    {kServiceClass, "service_class", "r:service-class", Form::kWords},
    {kSphere, "sphere", "r:sphere", Form::kFreeWord},
    {kStatusIcon, "status_icon", "r:status-icon", Form::kUri},
}};

class RichWriter {
 public:
  explicit RichWriter(XmlWriter& xml) : xml_(xml) {}

  absl::Status Write(const FieldPath& path, const Row& row, const RichElement& element);

 private:
  absl::Status WritePeriod(const FieldPath& path, const RichElement& element);
  absl::Status WriteNotes(const FieldPath& path, const RichElement& element);
  absl::Status WriteWords(const FieldPath& path, const Row& row, const RichElement& element);
  absl::Status WriteText(const FieldPath& path, const Row& row, const RichElement& element);

  XmlWriter& xml_;
};

absl::Status RichWriter::Write(const FieldPath& path, const Row& row, const RichElement& element) {
  const std::string_view outer = row.form == Form::kPlace ? "r:place-is" : row.element;
  xml_.Begin(outer);
  SIPEVENTS_RETURN_IF_ERROR(WritePeriod(path, element));
  switch (row.form) {
    case Form::kText:
    case Form::kUri:
      SIPEVENTS_RETURN_IF_ERROR(WriteText(path, row, element));
      break;
    case Form::kWords:
    case Form::kFreeWord:
      SIPEVENTS_RETURN_IF_ERROR(WriteNotes(path, element));
      SIPEVENTS_RETURN_IF_ERROR(WriteWords(path, row, element));
      break;
    case Form::kPlace:
      SIPEVENTS_RETURN_IF_ERROR(WriteNotes(path, element));
      xml_.Begin(row.element);
      SIPEVENTS_RETURN_IF_ERROR(WriteWords(path, row, element));
      xml_.End(row.element);
      break;
  }
  xml_.End(outer);
  return absl::OkStatus();
}

absl::Status RichWriter::WritePeriod(const FieldPath& path, const RichElement& element) {
  const FieldPath until(path, "until_time");
  if (element.from_time) {
    SIPEVENTS_RETURN_IF_ERROR(CheckTime(FieldPath(path, "from_time"), *element.from_time));
    xml_.Attribute("from", FormatDateTime(*element.from_time));
  }
  if (!element.until_time) return absl::OkStatus();
  SIPEVENTS_RETURN_IF_ERROR(CheckTime(until, *element.until_time));
  if (element.from_time && *element.until_time < *element.from_time) {
    return FieldError(until, FormatDateTime(*element.until_time), "a time after from_time");
  }
  xml_.Attribute("until", FormatDateTime(*element.until_time));
  return absl::OkStatus();
}

absl::Status RichWriter::WriteNotes(const FieldPath& path, const RichElement& element) {
  for (size_t i = 0; i < element.notes.size(); ++i) {
    SIPEVENTS_RETURN_IF_ERROR(
        WriteNote(FieldPath(path, "notes", i), "r:note", element.notes[i], xml_));
  }
  return absl::OkStatus();
}

absl::Status RichWriter::WriteWords(const FieldPath& path, const Row& row,
                                    const RichElement& element) {
  SIPEVENTS_RETURN_IF_ERROR(CheckRichWords(path, row.kind, element));
  if (row.form == Form::kFreeWord && !IsRichWord(row.kind, element.values.front())) {
    return WriteText(path, row, element);
  }
  std::vector<std::string_view> words = element.values;
  // The schema wants audio, text and video in this order.
  if (row.kind == kPrivacy) std::sort(words.begin(), words.end());
  for (const std::string_view value : words) {
    const std::string word = absl::StrCat(AbslView(row.word_prefix), AbslView(value));
    xml_.Begin(word);
    xml_.End(word);
  }
  xml_.TextElementIfAny("r:other", element.other);
  return absl::OkStatus();
}

absl::Status RichWriter::WriteText(const FieldPath& path, const Row& row,
                                   const RichElement& element) {
  if (element.values.size() != 1) {
    return FieldError(FieldPath(path, "values"), absl::StrCat(element.values.size(), " values"),
                      "one value");
  }
  if (!element.other.empty()) {
    return FieldError(FieldPath(path, "other"), QuoteForMessage(element.other), "nothing here");
  }
  if (!element.notes.empty()) {
    return FieldError(FieldPath(path, "notes"), absl::StrCat(element.notes.size(), " notes"),
                      "none here");
  }
  const FieldPath value(path, "values", 0);
  SIPEVENTS_RETURN_IF_ERROR(row.form == Form::kUri ? CheckUri(value, element.values.front())
                                                   : CheckGivenText(value, element.values.front()));
  xml_.Text(element.values.front());
  return absl::OkStatus();
}

absl::Status WriteTimeOffset(const FieldPath& path, const TimeOffset& offset, XmlWriter& xml) {
  static constexpr int kDay = 1440;
  if (offset.minutes < -kDay || offset.minutes > kDay) {
    return FieldError(FieldPath(path, "minutes"), absl::StrCat(offset.minutes), "-1440 to 1440");
  }
  SIPEVENTS_RETURN_IF_ERROR(CheckText(FieldPath(path, "description"), offset.description));
  xml.Begin("r:time-offset");
  xml.AttributeIfAny("description", offset.description);
  xml.Text(absl::StrCat(offset.minutes));
  xml.End("r:time-offset");
  return absl::OkStatus();
}

absl::Status WriteUserInput(const FieldPath& path, const UserInput& input, XmlWriter& xml) {
  if (!input.state_given) {
    return FieldError(FieldPath(path, "state"), "STATE_UNSPECIFIED", "ACTIVE or IDLE");
  }
  xml.Begin("r:user-input");
  if (input.idle_threshold) {
    const FieldPath threshold(path, "idle_threshold");
    SIPEVENTS_RETURN_IF_ERROR(CheckSeconds(threshold, *input.idle_threshold));
    if (*input.idle_threshold <= absl::ZeroDuration() ||
        absl::Trunc(*input.idle_threshold, absl::Seconds(1)) != *input.idle_threshold) {
      return FieldError(threshold, absl::FormatDuration(*input.idle_threshold),
                        "whole seconds, 1 or more");
    }
    xml.Attribute("idle-threshold",
                  static_cast<uint64_t>(absl::ToInt64Seconds(*input.idle_threshold)));
  }
  if (input.last_input_time) {
    SIPEVENTS_RETURN_IF_ERROR(
        CheckTime(FieldPath(path, "last_input_time"), *input.last_input_time));
    xml.Attribute("last-input", FormatDateTime(*input.last_input_time));
  }
  xml.Text(input.idle ? "idle" : "active");
  xml.End("r:user-input");
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteRichPresence(const FieldPath& path, const RichPresence& rich, XmlWriter& xml) {
  for (const auto& [kind, element] : rich.elements) {
    const Row& row = kRows.at(kind);
    SIPEVENTS_RETURN_IF_ERROR(RichWriter(xml).Write(FieldPath(path, row.field), row, element));
  }
  if (rich.time_offset) {
    SIPEVENTS_RETURN_IF_ERROR(
        WriteTimeOffset(FieldPath(path, "time_offset"), *rich.time_offset, xml));
  }
  if (rich.user_input) {
    SIPEVENTS_RETURN_IF_ERROR(WriteUserInput(FieldPath(path, "user_input"), *rich.user_input, xml));
  }
  return absl::OkStatus();
}

}  // namespace sipevents::sip
