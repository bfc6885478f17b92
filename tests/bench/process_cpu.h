#ifndef TESTS_BENCH_PROCESS_CPU_H_
#define TESTS_BENCH_PROCESS_CPU_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace sipevents::bench {

// A process that is measured, with those that it starts: its standard output is read line by line.
class MeasuredProcess {
 public:
  // Starts `arguments[0]`; aborts the benchmark with a message if that fails.
  explicit MeasuredProcess(const std::vector<std::string>& arguments);
  // Kills it, and what it has started.
  ~MeasuredProcess();
  MeasuredProcess(const MeasuredProcess&) = delete;
  MeasuredProcess& operator=(const MeasuredProcess&) = delete;

  // The next line of its standard output that begins with `prefix`; aborts at its end.
  std::string WaitForLine(const std::string& prefix);

  // User and system time so far, in microseconds: of all its threads, and those of its children and
  // theirs that still run.
  double CpuMicroseconds() const;

  // The memory that it and its children keep resident, in octets; what they share counts once.
  double ResidentOctets() const;

 private:
  // The process and all below it.
  std::vector<pid_t> Tree() const;

  pid_t pid_ = 0;
  int output_ = -1;
  std::string pending_;
};

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_PROCESS_CPU_H_
