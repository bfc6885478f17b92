#include "gateway/publications/value_checks.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/field_checks.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace sipevents::gateway {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int32_t kNanosPerSecond = 1'000'000'000;

// "OPEN or CLOSED": all but the first, which stands for that nothing is said.
std::string NamesOf(const EnumDescriptor& type) {
  std::string names;
  for (int i = 1; i < type.value_count(); ++i) {
    const bool is_last = i + 1 == type.value_count();
    absl::StrAppend(&names, i == 1 ? "" : (is_last ? " or " : ", "), type.value(i)->name());
  }
  return names;
}

// `Time` is a Timestamp or a Duration.
template <typename Time>
std::string Shown(const Time& time) {
  return absl::StrCat("seconds: ", time.seconds(), " nanos: ", time.nanos());
}

class ValueChecks {
 public:
  explicit ValueChecks(FieldViolations& violations) : violations_(violations) {}

  void Check(std::string_view path, const Message& message);
  bool all_fine() const { return all_fine_; }

 private:
  void CheckField(std::string_view path, const Message& message, const FieldDescriptor& field);
  void CheckEnum(std::string_view path, const EnumDescriptor& type, int value);
  void Refuse(std::string_view path, std::string_view value, std::string_view expectation) {
    all_fine_ = false;
    violations_.Add(path, value, expectation);
  }

  FieldViolations& violations_;
  bool all_fine_ = true;
};

void ValueChecks::Check(std::string_view path,  // NOLINT(misc-no-recursion): as deep as messages
                        const Message& message) {
  if (message.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
    const auto& time = static_cast<const google::protobuf::Timestamp&>(message);
    if (time.nanos() >= 0 && time.nanos() < kNanosPerSecond) return;
    return Refuse(path, Shown(time), "nanos of 0 to 999999999");
  }
  if (message.GetDescriptor() == google::protobuf::Duration::descriptor()) {
    const auto& time = static_cast<const google::protobuf::Duration&>(message);
    const bool signs_agree =
        (time.seconds() >= 0 || time.nanos() <= 0) && (time.seconds() <= 0 || time.nanos() >= 0);
    if (signs_agree && time.nanos() > -kNanosPerSecond && time.nanos() < kNanosPerSecond) return;
    return Refuse(path, Shown(time), "nanos of the same sign as seconds, below 1e9");
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    CheckField(FieldPath(path, field->name()), message, *field);
  }
}

void ValueChecks::CheckField(std::string_view path,  // NOLINT(misc-no-recursion): see Check()
                             const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  const bool is_enum = field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
  if (!is_enum && field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;
  if (field.is_map()) return;  // those of the contract are from text to text
  if (!field.is_repeated()) {
    if (is_enum) {
      CheckEnum(path, *field.enum_type(), reflection.GetEnumValue(message, &field));
    } else {
      Check(path, reflection.GetMessage(message, &field));
    }
    return;
  }
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const std::string element = absl::StrCat(std::string(path), "[", i, "]");
    if (is_enum) {
      CheckEnum(element, *field.enum_type(), reflection.GetRepeatedEnumValue(message, &field, i));
    } else {
      Check(element, reflection.GetRepeatedMessage(message, &field, i));
    }
  }
}

void ValueChecks::CheckEnum(std::string_view path, const EnumDescriptor& type, int value) {
  if (type.FindValueByNumber(value) != nullptr) return;
  Refuse(path, std::to_string(value), NamesOf(type));
}

}  // namespace

bool CheckValues(std::string_view path, const Message& message, FieldViolations& violations) {
  ValueChecks checks(violations);
  checks.Check(path, message);
  return checks.all_fine();
}

}  // namespace sipevents::gateway
