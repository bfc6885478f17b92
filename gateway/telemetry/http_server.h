#ifndef GATEWAY_TELEMETRY_HTTP_SERVER_H_
#define GATEWAY_TELEMETRY_HTTP_SERVER_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "gateway/telemetry/metrics.h"
#include "sip/base/mutex.h"
#include "sip/base/net_address.h"

namespace httplib {
class Server;
}

namespace sipevents::gateway {

// Serves /metrics (Prometheus text), /healthz (200 while the process lives) and /readyz (200
// once ready, 503 before and while draining), and further pages of plain text.
//
// Threads: any. Requests are served on four threads of its own.
class HttpServer {
 public:
  // By path, e.g. "/registrations": who writes it, on any thread, within a second or two.
  using Pages = std::map<std::string, std::function<std::string()>>;

  // Binds and serves; port 0 picks one. `metrics` outlives the server. Errors: UNAVAILABLE (the
  // address cannot be bound).
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HostPort& listen,
                                                           const Metrics& metrics,
                                                           Pages pages = {});
  // Stops serving; requests that are being answered are finished first.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The address, with the port in use.
  const HostPort& listening() const { return listening_; }

  // What /readyz says; false at first.
  void SetReady(bool ready) { ready_ = ready; }

 private:
  HttpServer(HostPort listen, const Metrics& metrics, Pages pages);
  void Configure();
  void Serve();
  // Binds the address again; false: told to stop meanwhile.
  bool Rebind();

  HostPort listening_;
  const Metrics& metrics_;
  const Pages pages_;
  std::atomic<bool> ready_{false};
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
};

}  // namespace sipevents::gateway

#endif  // GATEWAY_TELEMETRY_HTTP_SERVER_H_
