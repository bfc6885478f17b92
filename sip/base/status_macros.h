#ifndef SIP_BASE_STATUS_MACROS_H_
#define SIP_BASE_STATUS_MACROS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the status from the enclosing function unless it is OK.
#define SIPEVENTS_RETURN_IF_ERROR(expression)                               \
  do {                                                                      \
    if (absl::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define SIPEVENTS_CONCAT_INNER(a, b) a##b
#define SIPEVENTS_CONCAT(a, b) SIPEVENTS_CONCAT_INNER(a, b)

// Assigns the value of a StatusOr, or returns its status from the enclosing function.
#define SIPEVENTS_ASSIGN_OR_RETURN(target, expression) \
  SIPEVENTS_ASSIGN_OR_RETURN_IMPL(SIPEVENTS_CONCAT(status_or_, __LINE__), target, expression)

#define SIPEVENTS_ASSIGN_OR_RETURN_IMPL(status_or, target, expression) \
  auto status_or = (expression);                                       \
  if (!status_or.ok()) return status_or.status();                      \
  target = *std::move(status_or)

#endif  // SIP_BASE_STATUS_MACROS_H_
