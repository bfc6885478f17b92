#include "sip/transport/event_loop.h"

#include <pthread.h>
#include <sofia-sip/su.h>
#include <sofia-sip/su_wait.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace sipevents::sip {
namespace {

// Sleeps no longer than this, whatever the timers say, so that a clock that is set cannot
// delay them for long.
constexpr absl::Duration kLongestSleep = absl::Seconds(1);

int16_t PollMask(DescriptorEvents wanted) {
  return static_cast<int16_t>((wanted.readable ? SU_WAIT_IN : 0) |
                              (wanted.writable ? SU_WAIT_OUT : 0));
}

void DoNothing(su_root_magic_t* /*magic*/, su_timer_t* /*timer*/, su_timer_arg_t* /*argument*/) {}

}  // namespace

struct EventLoop::Core {
  su_root_t* root = nullptr;
  su_task_r task;
  su_timer_t* wake = nullptr;
  std::atomic<bool> stopping{false};
  bool stepping = false;  // within su_root_step()
  std::mutex mutex;
  std::condition_variable started;
  bool running = false;
};

// What a sofia-sip message carries.
struct EventLoop::Posted {
  EventLoop* loop;
  std::function<void()>* action;
};

void EventLoop::RunPosted(void* argument) {
  const Posted posted = *static_cast<Posted*>(argument);
  const std::unique_ptr<std::function<void()>> action(posted.action);
  (*action)();
  if (posted.loop->core_->stopping) posted.loop->ShortenWait();
}

// su_root_step() runs what was posted, by us or by sofia-sip itself, and then waits as long as it
// was told before: what these set a timer for, or the stop, would come late. Another message, or
// a timer of its own, cuts that wait. (A timer that is due at once does not: it may run before
// the wait.)
void EventLoop::ShortenWait() {
  const absl::Duration wait =
      core_->stopping ? absl::ZeroDuration() : timers_.NextDue() - clock_.Now();
  if (wait >= kLongestSleep) return;
  const int64_t milliseconds = absl::ToInt64Milliseconds(wait + absl::Microseconds(999));
  if (milliseconds > 0 || core_->stopping) {
    su_timer_set_interval(core_->wake, DoNothing, nullptr, std::max<int64_t>(milliseconds, 1));
    return;
  }
  su_msg_r message = SU_MSG_R_INIT;
  const auto nothing = [](su_root_magic_t* /*magic*/, su_msg_r /*msg*/, su_msg_arg_t* /*none*/) {};
  if (su_msg_create(message, core_->task, su_task_null, nothing, 0) == 0) su_msg_send(message);
}

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
  core_->wake = su_timer_create(su_root_task(core_->root), 0);
  if (core_->wake == nullptr) std::abort();
  {
    const std::lock_guard<std::mutex> lock(core_->mutex);
    core_->running = true;
    core_->started.notify_all();
  }
  timers_.OnSooner([this] {
    if (core_->stepping) ShortenWait();
  });
  while (!core_->stopping) {
    timers_.RunDue(clock_.Now());
    const absl::Duration wait =
        std::clamp(timers_.NextDue() - clock_.Now(), absl::ZeroDuration(), kLongestSleep);
    // Rounded up: waking too early would spin until the timer is due.
    core_->stepping = true;
    su_root_step(core_->root, absl::ToInt64Milliseconds(wait + absl::Microseconds(999)));
    core_->stepping = false;
  }
  // A message that is left would keep the root, and all that is in it, from being freed.
  su_root_step(core_->root, 0);
  su_timer_destroy(core_->wake);
  su_task_deinit(core_->task);
  su_root_destroy(core_->root);
  su_deinit();
}

void EventLoop::Post(std::function<void()> action) {
  su_msg_r message = SU_MSG_R_INIT;
  const auto deliver = [](su_root_magic_t* /*magic*/, su_msg_r /*msg*/, su_msg_arg_t* argument) {
    RunPosted(argument);
  };
  if (su_msg_create(message, core_->task, su_task_null, deliver, sizeof(Posted)) < 0) {
    std::abort();  // out of memory
  }
  auto* posted = reinterpret_cast<Posted*>(su_msg_data(message));
  posted->loop = this;
  posted->action = std::make_unique<std::function<void()>>(std::move(action)).release();
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

absl::StatusOr<std::unique_ptr<DescriptorWatch>> EventLoop::Watch(
    int descriptor, DescriptorEvents wanted, std::function<void(DescriptorEvents)> callback) {
  const auto wake_up = [](su_root_magic_t* /*magic*/, su_wait_t* wait, su_wakeup_arg_t* argument) {
    const std::shared_ptr<DescriptorWatch::Callback> kept =
        static_cast<DescriptorWatch*>(argument)->callback_;
    DescriptorEvents events;
    events.readable = (wait->revents & SU_WAIT_IN) != 0;
    events.writable = (wait->revents & SU_WAIT_OUT) != 0;
    events.hangup = (wait->revents & (SU_WAIT_HUP | SU_WAIT_ERR)) != 0;
    (*kept)(events);
    return 0;
  };
  std::unique_ptr<DescriptorWatch> watch(new DescriptorWatch);
  watch->callback_ = std::make_shared<DescriptorWatch::Callback>(std::move(callback));
  // Not su_wait_create(), which takes no empty mask.
  su_wait_t wait = SU_WAIT_INIT;
  wait.fd = descriptor;
  wait.events = PollMask(wanted);
  const int index = su_root_register(core_->root, &wait, wake_up, watch.get(), su_pri_normal);
  if (index <= 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot watch a descriptor: ", std::strerror(errno)));
  }
  watch->root_ = core_->root;
  watch->descriptor_ = descriptor;
  watch->index_ = index;
  watch->wanted_ = wanted;
  return watch;
}

DescriptorWatch::~DescriptorWatch() {
  if (index_ > 0) su_root_deregister(static_cast<su_root_t*>(root_), index_);
}

void DescriptorWatch::Want(DescriptorEvents wanted) {
  if (PollMask(wanted) == PollMask(wanted_)) return;
  wanted_ = wanted;
  su_root_eventmask(static_cast<su_root_t*>(root_), index_, descriptor_, PollMask(wanted));
}

void* EventLoop::root() const { return core_->root; }

}  // namespace sipevents::sip
