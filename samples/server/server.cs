#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/ArrowCid.Extensions.DependencyInjection/ArrowCid.Extensions.DependencyInjection.csproj
#:project ../../src/ArrowCid.Server/ArrowCid.Server.csproj
#:property PublishAot=false
// Flight, the gateway and the API of a store in an ordinary ASP.NET Core app:
// dotnet run server.cs [DIRECTORY] [FLIGHT PORT] [HTTP PORT]
using System.Net;
using ArrowCid;
using Microsoft.AspNetCore.Server.Kestrel.Core;

WebApplicationBuilder builder = WebApplication.CreateBuilder();
builder.Services.AddArrowCid(options =>
    options.Directory = args.Length > 0 ? args[0] : CidStore.SharedDirectory("server")).AddMaintenance();
builder.Services.AddArrowCidServer();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    // Without TLS, Flight needs a port of HTTP/2 alone.
    kestrel.Listen(IPAddress.Loopback, Port(1, 8091), listen => listen.Protocols = HttpProtocols.Http2);
    kestrel.Listen(IPAddress.Loopback, Port(2, 8092));
});

WebApplication app = builder.Build();
app.MapArrowCidFlight();
app.MapArrowCidGateway();
app.MapArrowCidApi();
app.MapGet("/", (CidStore store) => $"{store.Query().Count()} blocks in {store.Directory}\n");
app.Run();

int Port(int at, int usual) => args.Length > at ? int.Parse(args[at]) : usual;
