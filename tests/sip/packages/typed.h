#ifndef TESTS_SIP_PACKAGES_TYPED_H_
#define TESTS_SIP_PACKAGES_TYPED_H_

#include <string>
#include <variant>

#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "sip/packages/event_package.h"

namespace sipevents::sip {

// The document of a result as the message T; an empty one, and a failure, if there is none.
template <typename T>
T StateOf(const MergeResult& result) {
  T state;
  if (result.kind != MergeResult::Kind::kDocument || result.document == nullptr) {
    ADD_FAILURE() << "no document; error: " << result.error;
    return state;
  }
  const auto* encoded = std::get_if<EncodedDocument>(result.document);
  if (encoded == nullptr || !state.ParseFromString(std::string(encoded->fields))) {
    ADD_FAILURE() << "not the fields of a " << T::descriptor()->name();
  }
  return state;
}

// The same as the JSON that the command-line client prints.
template <typename T>
std::string JsonOf(const MergeResult& result) {
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(StateOf<T>(result), &json);
  EXPECT_TRUE(status.ok());
  return json;
}

}  // namespace sipevents::sip

#endif  // TESTS_SIP_PACKAGES_TYPED_H_
