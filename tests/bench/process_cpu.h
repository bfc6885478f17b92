#ifndef TESTS_BENCH_PROCESS_CPU_H_
#define TESTS_BENCH_PROCESS_CPU_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace sipevents::bench {

// A process that is measured: started with its standard output read line by line.
class MeasuredProcess {
 public:
  // Starts `arguments[0]`; aborts the benchmark with a message if that fails.
  explicit MeasuredProcess(const std::vector<std::string>& arguments);
  // Kills it.
  ~MeasuredProcess();
  MeasuredProcess(const MeasuredProcess&) = delete;
  MeasuredProcess& operator=(const MeasuredProcess&) = delete;

  // The next line of its standard output that begins with `prefix`; aborts at its end.
  std::string WaitForLine(const std::string& prefix);

  // User and system time of all its threads so far, in microseconds (resolution 10 ms).
  double CpuMicroseconds() const;

 private:
  pid_t pid_ = 0;
  int output_ = -1;
  std::string pending_;
};

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_PROCESS_CPU_H_
