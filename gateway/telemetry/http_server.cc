#include "gateway/telemetry/http_server.h"

#include <httplib.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "sip/base/log.h"
#include "sip/base/mutex.h"

namespace sipevents::gateway {
namespace {

// More than a handful of peers that are slow at sending a request must not hold up the probes.
constexpr size_t kThreads = 32;
constexpr size_t kMaxWaiting = 64;
constexpr int kPatienceSeconds = 1;  // for a peer to send its request, or to read the answer
constexpr char kPlainText[] = "text/plain; charset=utf-8";

// A thread pool with a bound, unlike httplib's own: what comes beyond is served by the thread
// that accepts, which then accepts nothing, so that the kernel's backlog is the rest of the
// queue.
class BoundedPool : public httplib::TaskQueue {
 public:
  BoundedPool() {
    for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Run(); });
  }

  void enqueue(std::function<void()> task) override {
    {
      MutexLock lock(mutex_);
      if (tasks_.size() < kMaxWaiting) {
        tasks_.push_back(std::move(task));
        task = nullptr;
      }
    }
    if (task != nullptr) return task();
    changed_.NotifyOne();
  }

  void shutdown() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.NotifyAll();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void Run() {
    for (;;) {
      std::function<void()> task;
      {
        MutexLock lock(mutex_);
        while (tasks_.empty() && !stopping_) changed_.Wait(mutex_);
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace

HttpServer::HttpServer(HostPort listen, const Metrics& metrics, Pages pages)
    : listening_(std::move(listen)),
      metrics_(metrics),
      pages_(std::move(pages)),
      server_(std::make_unique<httplib::Server>()) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HostPort& listen,
                                                              const Metrics& metrics, Pages pages) {
  std::unique_ptr<HttpServer> server(new HttpServer(listen, metrics, std::move(pages)));
  server->Configure();
  bool bound = false;
  if (listen.port == 0) {
    const int port = server->server_->bind_to_any_port(listen.host);
    bound = port > 0;
    if (bound) server->listening_.port = static_cast<uint16_t>(port);
  } else {
    bound = server->server_->bind_to_port(listen.host, listen.port);
  }
  if (!bound) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", listen.ToString(), "; expected a free local address"));
  }
  server->thread_ = std::thread([raw = server.get()] { raw->Serve(); });
  return server;
}

HttpServer::~HttpServer() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
    // stop() does nothing to a server that has not quite begun: hence again and again.
    while (!stopped_) {
      server_->stop();
      changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + std::chrono::milliseconds(10));
    }
  }
  thread_.join();
}

void HttpServer::Configure() {
  server_->new_task_queue = [] { return new BoundedPool(); };
  server_->set_read_timeout(kPatienceSeconds);
  server_->set_write_timeout(kPatienceSeconds);
  server_->set_keep_alive_timeout(kPatienceSeconds);
  server_->set_payload_max_length(1024);
  // httplib's default is SO_REUSEPORT, with which a second gateway would share the port unseen.
  server_->set_socket_options([](socket_t socket) {
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  // Before routing, since routing means regular expressions over what a stranger sent.
  server_->set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        response.status = 200;
        if (request.method != "GET" && request.method != "HEAD") {
          response.status = 405;
        } else if (request.path == "/metrics") {
          response.set_content(metrics_.Text(), "text/plain; version=0.0.4; charset=utf-8");
        } else if (request.path == "/healthz") {
          response.set_content("ok\n", kPlainText);
        } else if (request.path == "/readyz") {
          response.status = ready_ ? 200 : 503;
          response.set_content(ready_ ? "ready\n" : "not ready\n", kPlainText);
        } else if (const auto page = pages_.find(request.path); page != pages_.end()) {
          response.set_content(page->second(), kPlainText);
        } else {
          response.status = 404;
        }
        return httplib::Server::HandlerResponse::Handled;
      });
}

void HttpServer::Serve() {
  // httplib stops listening for good after an error of accept(2) other than EMFILE, e.g. when a
  // peer hangs up too early: then the address is bound again.
  do {
    server_->listen_after_bind();
  } while (Rebind());
  MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

bool HttpServer::Rebind() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    Log(LogSeverity::kError, "http", "listener failed; opening it again",
        {{"address", listening_.ToString()}});
    if (server_->bind_to_port(listening_.host, listening_.port)) return true;
    changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + std::chrono::milliseconds(500));
  }
  return false;
}

}  // namespace sipevents::gateway
