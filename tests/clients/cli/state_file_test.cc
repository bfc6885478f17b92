#include "clients/cli/state_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/base/status_asserts.h"
#include "tests/clients/temp_file.h"

namespace sipevents::client {
namespace {

using ::sipevents::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::TempFile;
using testing::TempPath;

const absl::Time kStart = absl::FromUnixSeconds(1'000'000);

TEST(StateFileTest, TokensAreThereAfterTheNextStart) {
  const std::string path = TempPath("state.json");
  const std::string key = StateFile::Key("sip:alice@example.com", "presence");
  {
    ASSERT_OK_AND_ASSIGN(StateFile file, StateFile::Open(path, absl::Seconds(1)));
    EXPECT_EQ(file.TokenOf(key), "");
    file.Keep(key, "t1");
    file.Keep("other", "with \"quotes\" and ë");
    EXPECT_OK(file.Write(kStart));
  }

  ASSERT_OK_AND_ASSIGN(StateFile file, StateFile::Open(path, absl::Seconds(1)));

  EXPECT_EQ(file.TokenOf(key), "t1");
  EXPECT_EQ(file.TokenOf("other"), "with \"quotes\" and ë");
  EXPECT_EQ(file.TokenOf("unknown"), "");
}

TEST(StateFileTest, ContentIsAJsonObjectOfTargetAndEvent) {
  const std::string path = TempPath("state.json");
  ASSERT_OK_AND_ASSIGN(StateFile file, StateFile::Open(path, absl::Seconds(1)));

  file.Keep(StateFile::Key("sip:alice@example.com", "presence"), "t1");
  EXPECT_OK(file.Write(kStart));

  EXPECT_EQ(ReadFile(path), "{\"sip:alice@example.com|presence\":\"t1\"}\n");
}

TEST(StateFileTest, WriteIsDueAnIntervalAfterTheLastOneAndOnlyIfSomethingChanged) {
  ASSERT_OK_AND_ASSIGN(StateFile file, StateFile::Open(TempPath("state.json"), absl::Seconds(1)));
  EXPECT_EQ(file.NextWrite(), absl::InfiniteFuture());

  file.Keep("key", "t1");
  EXPECT_EQ(file.NextWrite(), absl::InfinitePast());
  EXPECT_OK(file.Write(kStart));
  EXPECT_EQ(file.NextWrite(), absl::InfiniteFuture());

  file.Keep("key", "t2");
  EXPECT_EQ(file.NextWrite(), kStart + absl::Seconds(1));
}

TEST(StateFileTest, EmptyTokenRemovesTheEntry) {
  const std::string path = TempFile("state.json", R"({"key":"t1","other":"t2"})");
  ASSERT_OK_AND_ASSIGN(StateFile file, StateFile::Open(path, absl::Seconds(1)));

  file.Keep("key", "");
  EXPECT_OK(file.Write(kStart));

  EXPECT_EQ(ReadFile(path), "{\"other\":\"t2\"}\n");
}

TEST(StateFileTest, CorruptFileIsAnErrorThatSaysSoAndIsLeftAsItIs) {
  for (const char* content :
       {"", "{", "[]", "nonsense", R"({"key": 5})", R"({"key": {"a":"b"}})", R"({"key":"t1"} x)"}) {
    SCOPED_TRACE(content);
    const std::string path = TempFile("state.json", content);

    EXPECT_THAT(StateFile::Open(path, absl::Seconds(1)),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         AllOf(HasSubstr(path), HasSubstr("corrupt"))));
    EXPECT_EQ(ReadFile(path), content);
  }
}

TEST(StateFileTest, FileThatIsTooLargeIsRefused) {
  const std::string path = TempFile("state.json", std::string((16 << 20) + 1, ' '));

  EXPECT_THAT(StateFile::Open(path, absl::Seconds(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("16 MiB")));
}

TEST(StateFileTest, PlaceThatCannotBeWrittenIsKnownAtTheStart) {
  EXPECT_THAT(StateFile::Open("/nonexistent/state.json", absl::Seconds(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cannot be written")));
}

TEST(StateFileTest, NothingButTheFileIsLeftAndItIsForItsOwnerOnly) {
  const std::string path = TempPath("state.json");
  ASSERT_OK_AND_ASSIGN(StateFile file, StateFile::Open(path, absl::Seconds(1)));
  file.Keep("key", "t1");
  EXPECT_OK(file.Write(kStart));

  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
    EXPECT_EQ(entry.path(), path);
    ++files;
  }
  EXPECT_EQ(files, 1);
  struct stat status = {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace sipevents::client
