#include "tests/scenarios/scripted_directory.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "tests/peer/sip_peer.h"

namespace sipevents::testing {

// One question; lives until gRPC has done with it and nobody holds it.
class ScriptedDirectory::Call : public grpc::ServerUnaryReactor {
 public:
  void KeepAlive(std::shared_ptr<Call> self) { self_ = std::move(self); }
  void Answer() { AnswerOnce(status); }
  void OnCancel() override { AnswerOnce(grpc::Status::CANCELLED); }
  void OnDone() override { self_.reset(); }

  grpc::Status status;  // to be answered

 private:
  void AnswerOnce(const grpc::Status& answer) {
    if (!answered_.exchange(true)) Finish(answer);
  }

  std::shared_ptr<Call> self_;
  std::atomic<bool> answered_{false};
};

absl::Status ScriptedDirectory::Serve() {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port_), grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) return absl::UnavailableError("cannot serve");
  port_ = port;
  return absl::OkStatus();
}

void ScriptedDirectory::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(absl::ToChronoTime(absl::Now()));
  ReleaseAnswers();
  server_.reset();
}

void ScriptedDirectory::Add(const std::string& user, const v1::DirectoryUser& known) {
  MutexLock lock(mutex_);
  users_[user] = known;
}

void ScriptedDirectory::AddPassword(const std::string& user, const std::string& password) {
  v1::DirectoryUser known;
  known.set_password(password);
  Add(user, known);
}

void ScriptedDirectory::HoldAnswers() {
  MutexLock lock(mutex_);
  holds_ = true;
}

void ScriptedDirectory::ReleaseAnswers() {
  std::vector<std::shared_ptr<Call>> held;
  {
    MutexLock lock(mutex_);
    holds_ = false;
    held.swap(held_);
  }
  for (const auto& call : held) call->Answer();
}

int ScriptedDirectory::AskedFor(const std::string& user) const {
  MutexLock lock(mutex_);
  const auto found = asked_.find(user);
  return found == asked_.end() ? 0 : found->second;
}

absl::Status ScriptedDirectory::WaitUntilAsked(const std::string& user, int times) const {
  const auto end = absl::ToChronoTime(absl::Now() + kPatience);
  MutexLock lock(mutex_);
  while (true) {
    const auto found = asked_.find(user);
    const int asked = found == asked_.end() ? 0 : found->second;
    if (asked >= times) return absl::OkStatus();
    if (!asked_changed_.WaitUntil(mutex_, end)) {
      return absl::DeadlineExceededError(absl::StrCat(user, " was asked for ", asked, " times"));
    }
  }
}

grpc::ServerUnaryReactor* ScriptedDirectory::GetUser(grpc::CallbackServerContext* /*context*/,
                                                     const v1::GetUserRequest* request,
                                                     v1::DirectoryUser* response) {
  auto call = std::make_shared<Call>();
  call->KeepAlive(call);
  {
    MutexLock lock(mutex_);
    ++asked_[request->user()];
    asked_changed_.NotifyAll();
    const auto found = users_.find(request->user());
    if (found == users_.end() || request->realm() != "example.com") {
      call->status = {grpc::StatusCode::NOT_FOUND, "nobody"};
    } else {
      *response = found->second;
    }
    if (holds_) {
      held_.push_back(call);
      return call.get();
    }
  }
  call->Answer();
  return call.get();
}

}  // namespace sipevents::testing
