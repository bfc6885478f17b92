#ifndef TESTS_BENCH_DOCUMENTS_H_
#define TESTS_BENCH_DOCUMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace sipevents::bench {

// What a notifier of one package sends again and again, each time with something changed.
struct DocumentSeries {
  std::string row;  // name of the figure
  std::string event_package;
  std::string content_type;
  bool xml = true;
  // The body of version `version`, counted from 0: of 1 KB as it comes from servers in the field,
  // fewer octets where the package has no more to say. All are full documents, or, in a series of
  // changes, all but the first.
  std::string (*body)(uint32_t version) = nullptr;
};

// One series per package that has bodies, and one of changes where they are merged another way.
std::vector<DocumentSeries> AllDocumentSeries();

}  // namespace sipevents::bench

#endif  // TESTS_BENCH_DOCUMENTS_H_
