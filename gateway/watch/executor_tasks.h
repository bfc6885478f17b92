#ifndef GATEWAY_WATCH_EXECUTOR_TASKS_H_
#define GATEWAY_WATCH_EXECUTOR_TASKS_H_

#include <functional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "gateway/watch/fanout_executor.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {

// Runs on the executor what SIP threads leave to be done, one task at a time, in order.
//
// Threads: any. Make it with std::make_shared; whoever posts bounds how much.
class ExecutorTasks final : public Runnable {
 public:
  // `executor` must outlive it.
  explicit ExecutorTasks(FanoutExecutor& executor) : executor_(executor) {}

  void Post(std::function<void()> task) {
    {
      MutexLock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    executor_.Schedule(*this);
  }

 private:
  void Run() override {
    std::vector<std::function<void()>> tasks;
    {
      MutexLock lock(mutex_);
      tasks.swap(tasks_);
    }
    for (const std::function<void()>& task : tasks) task();
  }

  FanoutExecutor& executor_;
  Mutex mutex_;
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_WATCH_EXECUTOR_TASKS_H_
