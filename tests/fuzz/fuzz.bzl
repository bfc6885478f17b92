"""One fuzz target in its two forms."""

def fuzz_target(name, deps, dictionary = None, srcs = None, local_defines = []):
    """Defines NAME.cc, or `srcs`, as a fuzz target.

    NAME_corpus_test, an ordinary test, runs what corpus/NAME holds through it; NAME_fuzzer, built
    by tools/fuzz with --config=fuzz only, looks for more, with the words of
    dictionaries/DICTIONARY.dict where one is named.
    """
    native.cc_library(
        name = name,
        testonly = True,
        srcs = srcs or [name + ".cc"],
        local_defines = local_defines,
        alwayslink = True,
        deps = deps + [":fuzzing"],
    )
    native.cc_test(
        name = name + "_corpus_test",
        size = "small",
        srcs = ["corpus_test.cc"],
        args = [native.package_name() + "/corpus/" + name],
        data = native.glob(["corpus/" + name + "/*"]),
        deps = [
            ":" + name,
            "//third_party:gtest",
        ],
    )
    native.cc_binary(
        name = name + "_fuzzer",
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        data = ["dictionaries/" + dictionary + ".dict"] if dictionary else [],
        tags = ["manual"],
        deps = [":" + name],
    )
