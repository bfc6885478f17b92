#ifndef TESTS_SIP_LOCATION_LOCATOR_FIXTURE_H_
#define TESTS_SIP_LOCATION_LOCATOR_FIXTURE_H_

#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sip/location/locator.h"
#include "sip/transport/event_loop.h"
#include "tests/base/status_asserts.h"
#include "tests/peer/dns_server.h"

namespace sipevents::sip {

using Hops = absl::StatusOr<std::vector<NextHop>>;

// Hops as text, "udp:127.0.0.1:5060"; the failure where there are none.
inline std::vector<std::string> Texts(const Hops& hops) {
  if (!hops.ok()) return {hops.status().ToString()};
  std::vector<std::string> texts;
  for (const NextHop& hop : *hops) {
    texts.push_back(SipListenAddress{hop.transport, hop.address}.ToString());
  }
  return texts;
}

// A locator in an event loop of its own, and the DNS server that it asks.
class LocatorFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(dns_, testing::DnsServer::Start());
    options_.question_timeout = absl::Seconds(10);
    WriteResolvConf(dns_->ResolvConf());
  }

  void TearDown() override { Close(); }

  void WriteResolvConf(const std::string& content) {
    options_.resolv_conf = absl::StrCat(::testing::TempDir(), "/resolv.conf");
    std::ofstream(options_.resolv_conf) << content;
  }

  // Makes the locator, with options_.
  void Open() {
    loop_ = std::make_unique<EventLoop>("locator");
    loop_->Run([this] { locator_ = std::make_unique<Locator>(*loop_, options_); });
  }

  void Close() {
    if (loop_ == nullptr) return;
    loop_->Run([this] { locator_.reset(); });
    loop_.reset();
  }

  // Begins a lookup.
  std::future<Hops> Begin(const std::string& uri, bool large = false) {
    if (loop_ == nullptr) Open();
    auto promise = std::make_shared<std::promise<Hops>>();
    std::future<Hops> found = promise->get_future();
    loop_->Run([&] {
      locator_->Locate(uri, large, [promise](Hops hops) { promise->set_value(std::move(hops)); });
    });
    return found;
  }

  static Hops End(std::future<Hops>& found) {
    if (found.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
      return absl::DeadlineExceededError("the lookup does not end");
    }
    return found.get();
  }

  Hops Locate(const std::string& uri, bool large = false) {
    std::future<Hops> found = Begin(uri, large);
    return End(found);
  }

  LocatorOptions options_;
  std::unique_ptr<testing::DnsServer> dns_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Locator> locator_;
};

}  // namespace sipevents::sip

#endif  // TESTS_SIP_LOCATION_LOCATOR_FIXTURE_H_
