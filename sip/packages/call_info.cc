#include "sip/packages/call_info.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/sipevents/v1/field_numbers.h"
#include "sip/base/ascii.h"
#include "sip/base/header_grammar.h"
#include "sip/base/status_macros.h"
#include "sip/body/decode_scratch.h"
#include "sip/body/text_body.h"
#include "sip/body/values.h"

namespace sipevents::sip {
namespace {

namespace appearance = fields::CallAppearance;
namespace appearances = fields::CallAppearances;

// Most appearances of one line, and the highest index.
constexpr size_t kMaxAppearances = 1000;
constexpr uint64_t kMaxIndex = 1'000'000;
constexpr size_t kMaxUriOctets = 2048;

struct StateWord {
  std::string_view word;
  int value;
};
constexpr StateWord kStates[] = {
    {"idle", appearance::State::kIDLE},
    {"seized", appearance::State::kSEIZED},
    {"progressing", appearance::State::kPROGRESSING},
    {"alerting", appearance::State::kALERTING},
    {"active", appearance::State::kACTIVE},
    {"held", appearance::State::kHELD},
    {"held-private", appearance::State::kHELD_PRIVATE},
    {"bridge-active", appearance::State::kBRIDGE_ACTIVE},
    {"bridge-held", appearance::State::kBRIDGE_HELD},
};

int StateOf(std::string_view word) {
  for (const StateWord& state : kStates) {
    if (EqualsIgnoreCase(state.word, word)) return state.value;
  }
  return appearance::State::kSTATE_UNSPECIFIED;
}

// What goes on at an appearance.
struct Appearance {
  int state = appearance::State::kSTATE_UNSPECIFIED;
  std::string uri;
  std::string display_name;
};

// What one header says.
struct Told {
  uint32_t index = 0;  // 0: "*"
  Appearance appearance;
};

// The name in `"Ann" <sip:ann@example.org>`.
std::string DisplayNameIn(std::string_view text) {
  const std::string_view name = TrimBlanks(text.substr(0, text.find('<')));
  if (name.size() == text.size()) return "";
  return UnquoteString(name).value_or(std::string(name));
}

// The parameters of a value of Call-Info, with the semicolon before them.
std::string_view ParametersOf(std::string_view value) {
  const size_t uri_end = value.starts_with('<') ? std::min(value.find('>'), value.size()) : 0;
  value.remove_prefix(uri_end);
  return value.substr(std::min(value.find(';'), value.size()));
}

absl::StatusOr<uint32_t> ReadIndex(std::string_view text) {
  if (text == "*") return 0;
  const auto index = ParseClamped(text, kMaxIndex + 1);
  if (!index || *index == 0 || *index > kMaxIndex) {
    return absl::InvalidArgumentError(absl::StrCat("appearance-index is ", QuoteForMessage(text)));
  }
  return static_cast<uint32_t>(*index);
}

// Nothing: a value that is about something else than an appearance.
absl::StatusOr<std::optional<Told>> ReadValue(std::string_view value) {
  SIPEVENTS_ASSIGN_OR_RETURN(const auto parameters, SplitParameters(ParametersOf(value)));
  std::optional<uint32_t> index;
  Told told;
  for (const HeaderParameter& parameter : parameters) {
    const std::string text = parameter.value.value_or("");
    if (parameter.name == "appearance-index") {
      SIPEVENTS_ASSIGN_OR_RETURN(index, ReadIndex(text));
    } else if (parameter.name == "appearance-state") {
      told.appearance.state = StateOf(text);
    } else if (parameter.name == "appearance-uri" && text.size() <= kMaxUriOctets) {
      told.appearance.uri = UriIn(text);
      told.appearance.display_name = DisplayNameIn(text);
    }
  }
  if (!index) return std::nullopt;
  told.index = *index;
  return told;
}

absl::Status TooMany() {
  return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxAppearances, " appearances"));
}

absl::StatusOr<std::vector<Told>> ReadCallInfo(std::string_view call_info) {
  std::vector<Told> all;
  for (const std::string_view value : SplitCommaList(call_info)) {
    SIPEVENTS_ASSIGN_OR_RETURN(std::optional<Told> told, ReadValue(value));
    if (!told) continue;
    if (all.size() >= kMaxAppearances) return TooMany();
    all.push_back(*std::move(told));
  }
  return all;
}

MergeResult Failure(const absl::Status& status, bool resync) {
  return {
      .kind = MergeResult::Kind::kError, .resync = resync, .error = std::string(status.message())};
}

// Keeps the appearances of a line.
class CallInfoMerger final : public StateMerger {
 public:
  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override;
  MergeResult DropDialog(uint32_t dialog, DecodeScratch& /*scratch*/) override {
    if (dialog == dialog_) *this = CallInfoMerger();
    return {};
  }

 private:
  absl::Status Take(std::vector<Told> all);
  const Document* Show(DecodeScratch& scratch) const;

  uint32_t dialog_ = 0;  // that the rest is from
  std::map<uint32_t, Appearance> appearances_;
  int others_ = appearance::State::kSTATE_UNSPECIFIED;
  bool asked_ = false;  // for the full state, and none has come
};

absl::Status CallInfoMerger::Take(std::vector<Told> all) {
  std::map<uint32_t, Appearance> next = appearances_;
  int others = others_;
  // "*" means those that no header of this NOTIFY names, wherever it stands.
  for (const Told& told : all) {
    if (told.index != 0) continue;
    others = told.appearance.state;
    for (auto& [index, known] : next) known = told.appearance;
  }
  for (Told& told : all) {
    if (told.index != 0) next[told.index] = std::move(told.appearance);
  }
  if (next.size() > kMaxAppearances) return TooMany();
  appearances_ = std::move(next);
  others_ = others;
  return absl::OkStatus();
}

const Document* CallInfoMerger::Show(DecodeScratch& scratch) const {
  ReverseWireWriter& writer = scratch.writer();
  writer.Reset();
  writer.Signed(appearances::kOthers, others_);
  for (auto each = appearances_.rbegin(); each != appearances_.rend(); ++each) {
    writer.Message(appearances::kAppearances, [&] {
      writer.Text(appearance::kDisplayName, each->second.display_name);
      writer.Text(appearance::kUri, each->second.uri);
      writer.Signed(appearance::kState, each->second.state);
      writer.Unsigned(appearance::kIndex, each->first);
    });
  }
  scratch.document() = EncodedDocument{fields::Event::kCallAppearances, writer.bytes()};
  return &scratch.document();
}

MergeResult CallInfoMerger::Merge(const MergeInput& input, DecodeScratch& scratch) {
  if (input.dialog != dialog_) *this = CallInfoMerger();
  dialog_ = input.dialog;
  absl::StatusOr<std::vector<Told>> all = ReadCallInfo(input.call_info);
  absl::Status status = all.status();
  if (all.ok() && all->empty()) return {};
  if (all.ok()) status = Take(*std::move(all));
  if (!status.ok()) return Failure(status, !std::exchange(asked_, true));
  asked_ = false;
  return {.kind = MergeResult::Kind::kDocument, .document = Show(scratch)};
}

// Remembers nothing: a grant is told once.
class LineSeizeMerger final : public StateMerger {
 public:
  MergeResult Merge(const MergeInput& input, DecodeScratch& scratch) override {
    const absl::StatusOr<std::vector<Told>> all = ReadCallInfo(input.call_info);
    if (!all.ok()) return Failure(all.status(), false);
    for (const Told& told : *all) {
      if (told.index == 0) continue;
      ReverseWireWriter& writer = scratch.writer();
      writer.Reset();
      writer.Unsigned(fields::LineSeize::kAppearanceIndex, told.index);
      scratch.document() = EncodedDocument{fields::Event::kLineSeize, writer.bytes()};
      return {.kind = MergeResult::Kind::kDocument, .document = &scratch.document()};
    }
    return {};
  }
  MergeResult DropDialog(uint32_t /*dialog*/, DecodeScratch& /*scratch*/) override { return {}; }
};

}  // namespace

std::unique_ptr<StateMerger> NewCallInfoMerger() { return std::make_unique<CallInfoMerger>(); }

std::unique_ptr<StateMerger> NewLineSeizeMerger() { return std::make_unique<LineSeizeMerger>(); }

}  // namespace sipevents::sip
