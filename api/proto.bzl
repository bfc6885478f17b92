"""Generates and compiles C++ for the contract with the system's protoc and gRPC plugin."""

def _outputs(src, grpc):
    base = src[:-len(".proto")]
    outs = [base + ".pb.h", base + ".pb.cc"]
    if grpc:
        outs += [base + ".grpc.pb.h", base + ".grpc.pb.cc"]
    return outs

def cc_system_proto_library(name, srcs, grpc_srcs = [], deps = [], proto_deps = [], visibility = None):
    """Compiles .proto files of this package.

    Args:
      name: of the cc_library; NAME_messages is the same without services, and without gRPC.
      srcs: .proto files with messages only.
      grpc_srcs: .proto files with services.
      deps: other cc_system_proto_library targets that the generated code needs.
      proto_deps: .proto files of other packages that are imported.
      visibility: of the cc_library.
    """
    outs = []
    for src in srcs:
        outs += _outputs(src, False)
    for src in grpc_srcs:
        outs += _outputs(src, True)
    commands = []
    if srcs:
        commands.append("protoc -I api -I /usr/include --cpp_out=$(GENDIR)/api " + " ".join(["$(location %s)" % s for s in srcs]))
    if grpc_srcs:
        commands.append("protoc -I api -I /usr/include --cpp_out=$(GENDIR)/api --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin --grpc_out=$(GENDIR)/api " + " ".join(["$(location %s)" % s for s in grpc_srcs]))
    native.genrule(
        name = name + "_generate",
        srcs = srcs + grpc_srcs + proto_deps,
        outs = outs,
        cmd = " && ".join(commands),
    )
    messages = [o for o in outs if ".grpc.pb." not in o]
    services = [o for o in outs if ".grpc.pb." in o]
    native.cc_library(
        name = name + "_messages",
        srcs = [o for o in messages if o.endswith(".cc")],
        hdrs = [o for o in messages if o.endswith(".h")],
        deps = deps + ["//third_party:protobuf"],
        strip_include_prefix = "/api",
        visibility = visibility,
    )
    native.cc_library(
        name = name,
        srcs = [o for o in services if o.endswith(".cc")],
        hdrs = [o for o in services if o.endswith(".h")],
        deps = [":" + name + "_messages"] + (["//third_party:grpc"] if grpc_srcs else []),
        strip_include_prefix = "/api",
        visibility = visibility,
    )
