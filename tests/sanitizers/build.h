#ifndef TESTS_SANITIZERS_BUILD_H_
#define TESTS_SANITIZERS_BUILD_H_

// What a test must know of the configuration it was built with.

namespace sipevents::testing {

#if defined(SIPEVENTS_SANITIZER)
// A program takes more memory than it uses, and is slow.
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// What the patience of a test is multiplied by.
inline constexpr int kSlowdown = kSanitized ? 6 : 1;

}  // namespace sipevents::testing

#endif  // TESTS_SANITIZERS_BUILD_H_
