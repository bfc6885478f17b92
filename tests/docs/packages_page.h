#ifndef TESTS_DOCS_PACKAGES_PAGE_H_
#define TESTS_DOCS_PACKAGES_PAGE_H_

#include <string>
#include <string_view>
#include <vector>

namespace sipevents::testing {

// docs/packages.md: per event package a section that begins with "## `NAME`", in it NOTIFYs
// (```sip: headers, an empty line, the body), each followed by what a caller gets of it (```json).

// One NOTIFY of the page, and where its JSON stands.
struct PageExample {
  std::string event_package;
  std::string notify;  // the lines between the fences
  std::string json;
  size_t json_begin = 0;  // in the page
  size_t json_end = 0;
};

struct PackagesPage {
  std::vector<std::string> packages;  // in the order of the page
  std::vector<PageExample> examples;
};

// Reads the page. A ```sip without a ```json after it is an example whose `json` is empty, to be
// put where `json_begin` == `json_end` is.
PackagesPage ReadPackagesPage(std::string_view page);

// What a gateway makes of the NOTIFYs of one Subscription, in order: the document of each as JSON
// with line breaks; or, where there is none, the decode error.
std::vector<std::string> JsonOfNotifies(const std::string& event_package,
                                        const std::vector<std::string>& notifies);

}  // namespace sipevents::testing

#endif  // TESTS_DOCS_PACKAGES_PAGE_H_
