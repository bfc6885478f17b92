#include "clients/cli/message_text.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "clients/cli/printable.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace sipevents::client {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kMaxOctets = 300;
constexpr size_t kMaxValueOctets = 80;

std::string Words(const std::string& name) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(name), {{"_", " "}});
}

// One value of a field; `index` counts where it is repeated.
class Value {
 public:
  Value(const Message& message, const FieldDescriptor& field, int index)
      : message_(message), reflection_(*message.GetReflection()), field_(field), index_(index) {}

  // Appends what there is to say to `parts`.
  void AddTo(std::vector<std::string>& parts) const {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        Add(Printable(Text(), kMaxValueOctets), parts);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        if (Enum() != 0) Add(Words(EnumName()), parts);
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Add(SubText(), parts);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        Add(Words(field_.name()), parts);  // it is set, so it is true
        break;
      default:
        Add(absl::StrCat(Words(field_.name()), " ", Number()), parts);
    }
  }

 private:
  static void Add(std::string text, std::vector<std::string>& parts) {
    if (!text.empty()) parts.push_back(std::move(text));
  }
  bool repeated() const { return field_.is_repeated(); }
  std::string Text() const {
    return repeated() ? reflection_.GetRepeatedString(message_, &field_, index_)
                      : reflection_.GetString(message_, &field_);
  }
  int Enum() const {
    return repeated() ? reflection_.GetRepeatedEnumValue(message_, &field_, index_)
                      : reflection_.GetEnumValue(message_, &field_);
  }
  std::string EnumName() const {
    const auto* value = field_.enum_type()->FindValueByNumber(Enum());
    return value == nullptr ? absl::StrCat(Enum()) : value->name();
  }
  std::string Number() const {
    switch (field_.cpp_type()) {
      case FieldDescriptor::CPPTYPE_UINT32:
        return absl::StrCat(repeated() ? reflection_.GetRepeatedUInt32(message_, &field_, index_)
                                       : reflection_.GetUInt32(message_, &field_));
      case FieldDescriptor::CPPTYPE_INT32:
        return absl::StrCat(repeated() ? reflection_.GetRepeatedInt32(message_, &field_, index_)
                                       : reflection_.GetInt32(message_, &field_));
      case FieldDescriptor::CPPTYPE_UINT64:
        return absl::StrCat(repeated() ? reflection_.GetRepeatedUInt64(message_, &field_, index_)
                                       : reflection_.GetUInt64(message_, &field_));
      case FieldDescriptor::CPPTYPE_INT64:
        return absl::StrCat(repeated() ? reflection_.GetRepeatedInt64(message_, &field_, index_)
                                       : reflection_.GetInt64(message_, &field_));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return absl::StrCat(repeated() ? reflection_.GetRepeatedDouble(message_, &field_, index_)
                                       : reflection_.GetDouble(message_, &field_));
      default:
        return absl::StrCat(repeated() ? reflection_.GetRepeatedFloat(message_, &field_, index_)
                                       : reflection_.GetFloat(message_, &field_));
    }
  }
  // As deep as the contract is.
  std::string SubText() const {  // NOLINT(misc-no-recursion)
    const Message& value = repeated() ? reflection_.GetRepeatedMessage(message_, &field_, index_)
                                      : reflection_.GetMessage(message_, &field_);
    const std::string name = Words(field_.name());
    if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&value)) {
      return absl::StrCat(name, " ", absl::FormatDuration(absl::Seconds(duration->seconds())));
    }
    if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&value)) {
      return absl::StrCat(
          name, " ", absl::FormatTime(absl::FromUnixSeconds(time->seconds()), absl::UTCTimeZone()));
    }
    return MessageText(value);
  }

  const Message& message_;
  const Reflection& reflection_;
  const FieldDescriptor& field_;
  const int index_;
};

}  // namespace

std::string MessageText(const Message& message) {  // NOLINT(misc-no-recursion)
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::vector<std::string> parts;
  for (const FieldDescriptor* field : fields) {
    if (!field->is_repeated()) {
      Value(message, *field, 0).AddTo(parts);
      continue;
    }
    std::vector<std::string> values;
    size_t octets = 0;
    const int size = message.GetReflection()->FieldSize(message, field);
    for (int i = 0; i < size && octets < kMaxOctets; ++i) {
      Value(message, *field, i).AddTo(values);
      if (!values.empty()) octets += values.back().size();
    }
    const bool records = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!values.empty()) parts.push_back(absl::StrJoin(values, records ? "; " : ", "));
  }
  std::string text = absl::StrJoin(parts, ", ");
  if (text.size() <= kMaxOctets) return text;
  return Printable(text, kMaxOctets);
}

}  // namespace sipevents::client
