#:sdk Microsoft.NET.Sdk.Web
#:project ../../src/ArrowCid.Extensions.DependencyInjection/ArrowCid.Extensions.DependencyInjection.csproj
#:property PublishAot=false
// A store in an ASP.NET Core host, with maintenance and a health check: dotnet run host.cs [DIRECTORY] [URL]
using ArrowCid;

WebApplicationBuilder builder = WebApplication.CreateBuilder();
builder.WebHost.UseUrls(args.Length > 1 ? args[1] : "http://127.0.0.1:8090");
builder.Services.AddArrowCid(options =>
    options.Directory = args.Length > 0 ? args[0] : CidStore.SharedDirectory("host")).AddMaintenance();
builder.Services.AddHealthChecks().AddArrowCid();

WebApplication app = builder.Build();
app.MapHealthChecks("/health");
app.MapPut("/raw", async (HttpRequest request, CidStore store) =>
{
    using var body = new MemoryStream();
    await request.Body.CopyToAsync(body);
    return store.PutRaw(body.ToArray()).Cid.ToString();
});
app.MapGet("/blocks", (CidStore store) => store.Query().Select(entry => entry.Cid.ToString()));
app.Run();
