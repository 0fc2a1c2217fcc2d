using ArrowCid.Flight.Protocol;
using Google.Protobuf.Reflection;

namespace ArrowCid.Flight.Grpc;

/// <summary>Server reflection, v1 and v1alpha: which services there are, and the files that describe them.</summary>
internal sealed class ReflectionCalls(params FileDescriptor[] files)
{
    private readonly FileDescriptor[] _all = [.. files.SelectMany(WithImports).Distinct()];

    public IEnumerable<KeyValuePair<string, GrpcHandler>> Methods() =>
    [
        new("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Answer),
        new("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Answer),
    ];

    private async Task Answer(GrpcCall call)
    {
        using CancellationTokenSource lasting = call.Lasting();
        call.Reader.MayPause = true;
        while (await call.Reader.MessageAsync(ServerReflectionRequest.Parser, lasting.Token).ConfigureAwait(false) is
            { } request)
        {
            await call.Writer.WriteAsync(AnswerTo(request), call.Cancel).ConfigureAwait(false);
            await call.Writer.FlushAsync(call.Cancel).ConfigureAwait(false);
        }
    }

    private ServerReflectionResponse AnswerTo(ServerReflectionRequest request)
    {
        var response = new ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        FileDescriptor? file = null;
        switch (request.MessageRequestCase)
        {
            case ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                response.ListServicesResponse = new ListServiceResponse();
                response.ListServicesResponse.Service.AddRange(_all.SelectMany(known => known.Services)
                    .Select(service => new ServiceResponse { Name = service.FullName }));
                return response;
            case ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                file = Array.Find(_all, known => known.Name == request.FileByFilename);
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                file = Array.Find(_all, known => Declares(known, request.FileContainingSymbol));
                break;
            default:
                response.ErrorResponse = new ErrorResponse
                {
                    ErrorCode = (int)GrpcStatus.Unimplemented,
                    ErrorMessage = "there are no extensions here",
                };
                return response;
        }

        if (file is null)
        {
            response.ErrorResponse = new ErrorResponse
            {
                ErrorCode = (int)GrpcStatus.NotFound,
                ErrorMessage = "no file or symbol of that name is here",
            };
            return response;
        }

        response.FileDescriptorResponse = new FileDescriptorResponse();
        response.FileDescriptorResponse.FileDescriptorProto.AddRange(
            WithImports(file).Distinct().Select(part => part.SerializedData));
        return response;
    }

    private static IEnumerable<FileDescriptor> WithImports(FileDescriptor file) =>
        file.Dependencies.SelectMany(WithImports).Prepend(file);

    private static bool Declares(FileDescriptor file, string symbol)
    {
        if (file.Package.Length > 0 && !symbol.StartsWith(file.Package + ".", StringComparison.Ordinal)) return false;
        return file.Services.Any(service => service.FullName == symbol ||
                service.Methods.Any(method => method.FullName == symbol))
            || file.EnumTypes.Any(type => type.FullName == symbol)
            || file.MessageTypes.Any(type => type.FullName == symbol ||
                symbol.StartsWith(type.FullName + ".", StringComparison.Ordinal));
    }
}
