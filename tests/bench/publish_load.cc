#include "tests/bench/publish_load.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace sipevents::bench {
namespace {

constexpr double kRepeatAfter = 1;  // second; a server's own timers repeat after half of it
constexpr double kPatience = 20;    // seconds without anything that is waited for
constexpr size_t kMaxLatencies = 4 << 20;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A SUBSCRIBE that is under way.
struct Asked {
  size_t watcher = 0;
  double at = 0;
};

}  // namespace

PublishLoad::PublishLoad(const Shape& shape, DatagramSockets& sockets, Publisher& publisher)
    : shape_(shape),
      sockets_(sockets),
      publisher_(publisher),
      phones_(sockets, 1, shape.resources * shape.watchers, shape.resources,
              [this](size_t watcher, uint64_t state, bool first) {
                OnNotified(watcher, state, first);
              }),
      resources_(shape.resources) {}

std::string PublishLoad::BodyOf(size_t resource) const {
  char state[24];
  snprintf(state, sizeof state, "%010llu",
           static_cast<unsigned long long>(resources_[resource].state));
  std::string body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
      "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
      "xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"";
  body += ResourceUri(resource);
  body += "\">\r\n <tuple id=\"t1\"><status><basic>open</basic></status><note>v";
  body += state;
  body += "</note></tuple>\r\n";
  const std::string end =
      " <dm:person id=\"p1\"><rpid:activities><rpid:on-the-phone/></rpid:activities>"
      "</dm:person>\r\n</presence>\r\n";
  for (int i = 2; i < 6; ++i) {
    const std::string tuple = " <tuple id=\"t" + std::to_string(i) +
                              "\"><status><basic>open</basic></status><contact priority=\"0.8\">"
                              "sip:user@192.0.2." +
                              std::to_string(i) + ":5060</contact></tuple>\r\n";
    if (body.size() + tuple.size() + end.size() <= shape_.body_octets) body += tuple;
  }
  return body + end;
}

void PublishLoad::Publish(size_t resource) {
  Resource& published = resources_[resource];
  ++published.state;
  published.accepted = false;
  published.sent_at = published.sent_again_at = Now();
  ++under_way_;
  publisher_.Publish(resource, BodyOf(resource));
}

void PublishLoad::Finish(size_t resource) {
  if (!resources_[resource].accepted || resources_[resource].missing > 0) return;
  --under_way_;
  ++outcome_.publications;
  idle_.push_back(resource);
}

void PublishLoad::OnNotified(size_t watcher, uint64_t state, bool first) {
  Resource& resource = resources_[watcher % shape_.resources];
  last_progress_ = Now();
  if (state != resource.state || (!first && resource.missing == 0)) ++wrong_states_;
  if (first || resource.missing == 0) return;
  ++outcome_.notifies;
  if (outcome_.latencies.size() < kMaxLatencies) {
    outcome_.latencies.push_back(static_cast<float>((last_progress_ - resource.sent_at) * 1e3));
  }
  --resource.missing;
  Finish(watcher % shape_.resources);
}

void PublishLoad::Step(int timeout_ms) {
  sockets_.Receive(timeout_ms, [this](size_t socket, std::string_view datagram) {
    if (socket == 0) {
      publisher_.OnDatagram(datagram);
    } else {
      phones_.OnDatagram(socket, datagram);
    }
  });
  for (const size_t resource : publisher_.TakeAccepted()) {
    last_progress_ = Now();
    resources_[resource].accepted = true;
    Finish(resource);
  }
  const double now = Now();
  if (now - last_repeat_ > kRepeatAfter / 2) Repeat(now);
  if ((under_way_ > 0 || subscribing_) && now - last_progress_ > kPatience) GiveUp();
}

void PublishLoad::GiveUp() {
  size_t unanswered = 0;
  size_t untold = 0;
  for (const Resource& resource : resources_) {
    unanswered += resource.accepted ? 0 : 1;
    untold += resource.missing;
  }
  lost_ = "nothing came any more: " + std::to_string(unanswered) +
          " publications were not answered, " + std::to_string(untold) + " watchers not told";
}

void PublishLoad::Repeat(double now) {
  last_repeat_ = now;
  for (size_t i = 0; i < resources_.size(); ++i) {
    if (resources_[i].accepted || now - resources_[i].sent_again_at < kRepeatAfter) continue;
    resources_[i].sent_again_at = now;
    publisher_.PublishAgain(i);
  }
}

void PublishLoad::PublishFirst() {
  outcome_ = {};
  last_progress_ = Now();
  for (size_t next = 0; !has_lost() && (next < resources_.size() || under_way_ > 0);) {
    while (next < resources_.size() && under_way_ < 64) Publish(next++);
    Step(100);
  }
}

double PublishLoad::SubscribeAll(size_t window) {
  const double begin = Now();
  last_progress_ = begin;
  subscribing_ = true;
  std::vector<Asked> open;
  for (size_t next = 0; !has_lost() && (next < phones_.count() || !open.empty());) {
    for (; next < phones_.count() && open.size() < window; ++next) {
      phones_.Subscribe(next);
      open.push_back({next, Now()});
    }
    Step(100);
    std::erase_if(open, [this](const Asked& asked) { return phones_.IsWatching(asked.watcher); });
    const double now = Now();
    for (Asked& asked : open) {
      if (now - asked.at < kRepeatAfter) continue;
      asked.at = now;
      phones_.SubscribeAgain(asked.watcher);
    }
  }
  subscribing_ = false;
  return Now() - begin;
}

PublishLoad::Outcome PublishLoad::Run(double seconds, size_t window, double rate) {
  outcome_ = {};
  const double begin = Now();
  last_progress_ = begin;
  uint64_t started = 0;
  while (!has_lost() && (Now() - begin < seconds || under_way_ > 0)) {
    const double passed = Now() - begin;
    const uint64_t due = rate > 0 ? static_cast<uint64_t>(passed * rate) + 1 : UINT64_MAX;
    while (passed < seconds && under_way_ < window && started < due && !idle_.empty()) {
      const size_t resource = idle_.front();
      idle_.pop_front();
      resources_[resource].missing = shape_.watchers;
      Publish(resource);
      ++started;
    }
    Step(rate > 0 ? 1 : 100);
    if (under_way_ == 0) last_progress_ = Now();
  }
  outcome_.seconds = Now() - begin;
  return std::move(outcome_);
}

bool PublishLoad::IsSound() const {
  const Phones::Faults& faults = phones_.faults();
  return !has_lost() && faults.out_of_order == 0 && wrong_states_ == 0 &&
         faults.not_understood == 0;
}

std::string PublishLoad::Faults() const {
  const Phones::Faults& faults = phones_.faults();
  std::string text = lost_;
  const auto add = [&text](uint64_t count, const char* what) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(faults.out_of_order, "NOTIFYs without the next CSeq");
  add(wrong_states_, "NOTIFYs with a state that is not the last one, or that was told before");
  add(faults.not_understood, "datagrams that nobody asked for");
  add(faults.sent_again, "NOTIFYs sent more than once");
  add(faults.asked_again, "SUBSCRIBEs sent more than once");
  return text;
}

}  // namespace sipevents::bench
