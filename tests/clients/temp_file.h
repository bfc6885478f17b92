#ifndef TESTS_CLIENTS_TEMP_FILE_H_
#define TESTS_CLIENTS_TEMP_FILE_H_

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace sipevents::client::testing {

// The path of a file in a directory of the running test's own; the file may not exist.
inline std::string TempPath(const std::string& name) {
  std::string directory = ::testing::TempDir() + "/clientsXXXXXX";
  EXPECT_NE(mkdtemp(directory.data()), nullptr);
  return directory + "/" + name;
}

inline void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Writes a file and returns its path.
inline std::string TempFile(const std::string& name, const std::string& content) {
  std::string path = TempPath(name);
  WriteFile(path, content);
  return path;
}

}  // namespace sipevents::client::testing

#endif  // TESTS_CLIENTS_TEMP_FILE_H_
