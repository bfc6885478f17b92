#include "sip/stack/event_loop.h"

#include <pthread.h>
#include <sofia-sip/su.h>
#include <sofia-sip/su_wait.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "absl/time/time.h"

namespace sipevents::sip {
namespace {

using Action = std::function<void()>;

// Sleeps no longer than this, whatever the timers say, so that a clock that is set cannot
// delay them for long.
constexpr absl::Duration kLongestSleep = absl::Seconds(1);

void RunPosted(su_root_magic_t* /*magic*/, su_msg_r /*msg*/, su_msg_arg_t* arg) {
  const std::unique_ptr<Action> action(*reinterpret_cast<Action**>(arg));
  (*action)();
}

}  // namespace

struct EventLoop::Core {
  su_root_t* root = nullptr;
  su_task_r task;
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::condition_variable started;
  bool running = false;
};

EventLoop::EventLoop(const std::string& name) : core_(std::make_unique<Core>()) {
  thread_ = std::thread([this, name] { Loop(name); });
  std::unique_lock<std::mutex> lock(core_->mutex);
  core_->started.wait(lock, [this] { return core_->running; });
}

EventLoop::~EventLoop() {
  Post([this] { core_->stopping = true; });
  thread_.join();
}

void EventLoop::Loop(const std::string& name) {
  pthread_setname_np(pthread_self(), name.c_str());
  su_init();
  core_->root = su_root_create(nullptr);
  if (core_->root == nullptr) std::abort();
  // Everything runs on this thread; su_root_create would otherwise start threads for clones.
  su_root_threading(core_->root, 0);
  su_task_copy(core_->task, su_root_task(core_->root));
  {
    const std::lock_guard<std::mutex> lock(core_->mutex);
    core_->running = true;
    core_->started.notify_all();
  }
  while (!core_->stopping) {
    timers_.RunDue(clock_.Now());
    const absl::Duration wait =
        std::clamp(timers_.NextDue() - clock_.Now(), absl::ZeroDuration(), kLongestSleep);
    // Rounded up: waking too early would spin until the timer is due.
    su_root_step(core_->root, absl::ToInt64Milliseconds(wait + absl::Microseconds(999)));
  }
  su_task_deinit(core_->task);
  su_root_destroy(core_->root);
  su_deinit();
}

void EventLoop::Post(std::function<void()> action) {
  su_msg_r message = SU_MSG_R_INIT;
  auto posted = std::make_unique<Action>(std::move(action));
  if (su_msg_create(message, core_->task, su_task_null, RunPosted, sizeof(Action*)) < 0) {
    std::abort();  // out of memory
  }
  *reinterpret_cast<Action**>(su_msg_data(message)) = posted.release();
  su_msg_send(message);
}

void EventLoop::Run(const std::function<void()>& action) {
  std::mutex mutex;
  std::condition_variable condition;
  bool done = false;
  Post([&] {
    action();
    const std::lock_guard<std::mutex> lock(mutex);
    done = true;
    condition.notify_one();
  });
  std::unique_lock<std::mutex> lock(mutex);
  condition.wait(lock, [&] { return done; });
}

void* EventLoop::root() const { return core_->root; }

}  // namespace sipevents::sip
