#include "tests/bench/process_cpu.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sipevents::bench {
namespace {

[[noreturn]] void Die(const std::string& what) {
  fprintf(stderr, "bench: %s\n", what.c_str());
  exit(1);
}

// The threads of a process, each a folder of /proc.
std::vector<std::filesystem::path> Threads(pid_t process) {
  std::vector<std::filesystem::path> threads;
  std::error_code gone;
  const std::string folder = "/proc/" + std::to_string(process) + "/task";
  for (const auto& entry : std::filesystem::directory_iterator(folder, gone)) {
    threads.push_back(entry.path());
  }
  return threads;
}

}  // namespace

MeasuredProcess::MeasuredProcess(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Die("pipe failed");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) Die("fork failed");
  if (pid_ == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // should we be ended before it
    dup2(ends[1], STDOUT_FILENO);
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (getenv("BENCH_VERBOSE") == nullptr) dup2(null, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  setpgid(pid_, pid_);  // whoever is first
  close(ends[1]);
  output_ = ends[0];
}

MeasuredProcess::~MeasuredProcess() {
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(output_);
}

std::string MeasuredProcess::WaitForLine(const std::string& prefix) {
  while (true) {
    for (size_t end; (end = pending_.find('\n')) != std::string::npos;) {
      const std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (line.starts_with(prefix)) return line;
    }
    char buffer[4096];
    const ssize_t got = read(output_, buffer, sizeof buffer);
    if (got <= 0) Die("the measured process ended before it said '" + prefix + "'");
    pending_.append(buffer, got);
  }
}

std::vector<pid_t> MeasuredProcess::Tree() const {
  std::vector<pid_t> tree = {pid_};
  for (size_t i = 0; i < tree.size(); ++i) {
    for (const auto& thread : Threads(tree[i])) {
      std::ifstream children(thread / "children");
      for (pid_t child; children >> child;) tree.push_back(child);
    }
  }
  return tree;
}

double MeasuredProcess::CpuMicroseconds() const {
  double nanoseconds = 0;
  for (const pid_t process : Tree()) {
    for (const auto& thread : Threads(process)) {
      std::ifstream file(thread / "schedstat");
      double ran = 0;
      if (file >> ran) nanoseconds += ran;
    }
  }
  return nanoseconds / 1e3;
}

double MeasuredProcess::ResidentOctets() const {
  double kilobytes = 0;
  for (const pid_t process : Tree()) {
    std::ifstream file("/proc/" + std::to_string(process) + "/smaps_rollup");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("Pss:")) kilobytes += atof(line.c_str() + 4);
    }
  }
  return kilobytes * 1024;
}

}  // namespace sipevents::bench
