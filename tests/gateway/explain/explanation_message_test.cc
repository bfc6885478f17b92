#include "gateway/explain/explanation_message.h"

#include <string>
#include <utility>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace sipevents::gateway {
namespace {

TEST(ShownByTest, WordsThatForksCanDisagreeAbout) {
  const std::pair<std::string, std::string> cases[] = {
      {"presence { tuples { basic: CLOSED } tuples { basic: OPEN } }", "open"},
      {"presence { tuples { basic: CLOSED } }", "closed"},
      {"presence { tuples { } }", ""},
      {"presence { }", ""},
      {"dialog_info { }", "idle"},
      {"dialog_info { dialogs { state: TERMINATED } }", "idle"},
      {"dialog_info { dialogs { state: EARLY } dialogs { state: CONFIRMED } "
       "dialogs { state: EARLY } }",
       "early, confirmed"},
      {"message_summary { messages_waiting: true }", ""},
      {"body { data: \"x\" }", ""},
  };
  for (const auto& [text, shown] : cases) {
    SCOPED_TRACE(text);
    v1::Event event;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &event));

    EXPECT_EQ(ShownBy(event), shown);
  }
}

}  // namespace
}  // namespace sipevents::gateway
