// Runs every file of a corpus through its fuzz target: one test case a file, so that what a fuzzer
// found once is looked for ever after, with any compiler.
//
// Usage: NAME_corpus_test DIRECTORY

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzzing.h"

namespace {

// Runs one file, or nothing at all where there is no path.
class CorpusTest : public testing::Test {
 public:
  explicit CorpusTest(std::filesystem::path path) : path_(std::move(path)) {}

  void TestBody() override {
    std::string content;
    if (!path_.empty()) {
      std::ifstream file(path_, std::ios::binary);
      ASSERT_TRUE(file.is_open()) << path_;
      content.assign(std::istreambuf_iterator<char>(file), {});
    }
    // In memory of its own, so that reading past the end is seen.
    const std::vector<uint8_t> input(content.begin(), content.end());

    EXPECT_EQ(LLVMFuzzerTestOneInput(input.data(), input.size()), 0);
  }

 private:
  const std::filesystem::path path_;
};

void Register(const std::string& name, const std::filesystem::path& path) {
  testing::RegisterTest("CorpusTest", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                        [path] { return new CorpusTest(path); });
}

std::string TestName(const std::filesystem::path& path) {
  std::string name = path.filename().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  Register("empty_input", "");
  std::vector<std::filesystem::path> paths;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  for (const std::filesystem::path& path : paths) Register(TestName(path), path);
  if (paths.empty()) Register("corpus_without_files", "/");
  return RUN_ALL_TESTS();
}
