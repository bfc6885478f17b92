#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/time/time.h"
#include "tests/scenarios/child_process.h"

// That a program with a defect fails the test that started it, also where the test sees nothing
// else of it: without this, a scenario under a sanitizer could pass in spite of a report.

namespace sipevents::testing {
namespace {

// Runs a program with this defect to its end and forgets it.
void RunProgram(const std::string& defect) {
  auto child = ChildProcess::Start({"tests/sanitizers/defective", defect});
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_TRUE((*child)->WaitForExit(absl::Seconds(60)).ok());
}

TEST(DefectiveProgramTest, SoundOnePasses) { RunProgram("nothing"); }

TEST(DefectiveProgramTest, CrashFailsTheTest) { EXPECT_NONFATAL_FAILURE(RunProgram("crash"), ""); }

#if defined(SIPEVENTS_ASAN)
TEST(DefectiveProgramTest, ReadAfterFreeFailsTheTest) {
  EXPECT_NONFATAL_FAILURE(RunProgram("read-after-free"), "heap-use-after-free");
}

TEST(DefectiveProgramTest, LeakFailsTheTest) {
  EXPECT_NONFATAL_FAILURE(RunProgram("leak"), "LeakSanitizer");
}
#endif

#if defined(SIPEVENTS_UBSAN)
TEST(DefectiveProgramTest, OverflowFailsTheTest) {
  EXPECT_NONFATAL_FAILURE(RunProgram("overflow"), "runtime error: signed integer overflow");
}
#endif

#if defined(SIPEVENTS_TSAN)
TEST(DefectiveProgramTest, RaceFailsTheTest) {
  EXPECT_NONFATAL_FAILURE(RunProgram("race"), "ThreadSanitizer: data race");
}
#endif

}  // namespace
}  // namespace sipevents::testing
