using System.Text.Json;
using ArrowCid.Client;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using ArrowCid.Server.Http;
using ArrowCid.Tests.Flight.Access;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;
using OpenApiDocument = Microsoft.OpenApi.OpenApiDocument;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>The document of the API as Microsoft.OpenApi, a public reader and validator, reads it.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task Public_validator_finds_no_error_and_no_warning_in_the_document()
    {
        ReadResult read = await Read(static text => text);
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        OpenApiDocument document = read.Document!;
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic.SpecificationVersion);
        Assert.NotEmpty(document.Servers!);
        foreach ((string path, IOpenApiPathItem item) in document.Paths)
        {
            foreach ((HttpMethod method, OpenApiOperation operation) in item.Operations!)
            {
                string what = $"{method} {path}";
                Assert.False(string.IsNullOrEmpty(operation.OperationId), what);
                Assert.False(string.IsNullOrEmpty(operation.Summary), what);
                // References are resolved, so that each answer has its description and body.
                Assert.All(operation.Responses!, each => Assert.False(string.IsNullOrEmpty(each.Value.Description), $"{what} {each.Key}"));
                Assert.All(operation.Responses!.Where(each => !each.Key.StartsWith('2') && each.Key != "304"),
                    each => Assert.Single(each.Value.Content!));
                string[] named = [.. (operation.Parameters ?? []).Where(each => each.In == ParameterLocation.Path).Select(each => $"{{{each.Name}}}")];
                Assert.Equal(path.Split('/').Where(part => part.StartsWith('{')).Select(part => part[..(part.IndexOf('}') + 1)]), named);
            }
        }
    }

    [Theory]
    [InlineData("\"in\": \"query\"", "\"in\": \"nowhere\"")]
    [InlineData("\"description\": \"The document.\",", "")]
    [InlineData("\"title\": \"ArrowCid\",", "")]
    public async Task Public_validator_finds_what_is_wrong_in_a_changed_document(string text, string other)
    {
        ReadResult read = await Read(document =>
        {
            Assert.Contains(text, document);
            return document.Replace(text, other, StringComparison.Ordinal);
        });
        Assert.NotEmpty(read.Diagnostic!.Errors.Concat(read.Diagnostic.Warnings));
    }

    [Fact]
    public async Task Document_has_every_route_with_its_parameters_and_answers_and_no_other()
    {
        await using ServedStore served = await Start();
        using JsonDocument document = await Document(served);
        (string Method, string Path, JsonElement Operation)[] operations = [.. Operations(document)];
        Route[] routes = [.. Routes(served).Where(route => route.Kind != RouteKind.Page)];
        Assert.All(Routes(served), route => Assert.Equal(route.Kind == RouteKind.Page, route.Document is null));
        Assert.Equal(routes.Length, operations.Length);
        Assert.Equal(operations.Length, operations.Select(each => each.Operation.GetProperty("operationId").GetString()).Distinct().Count());
        foreach (Route route in routes)
        {
            JsonElement operation = Assert.Single(operations, each =>
                each.Method == route.Method && each.Path == route.Pattern.Replace("**", "", StringComparison.Ordinal)).Operation;
            IEnumerable<string?> query = Parameters(operation).Where(each => each.GetProperty("in").GetString() == "query")
                .Select(each => each.GetProperty("name").GetString());
            Assert.Equal(route.Parameters.Order(), query.Order());
            Assert.True(operation.GetProperty("responses").TryGetProperty($"{route.Success}", out _), route.Pattern);
            Assert.Equal(route.HasBody, operation.TryGetProperty("requestBody", out _));
        }
    }

    [Fact]
    public async Task Document_has_the_scope_that_each_operation_needs_at_least()
    {
        await using ServedStore served = await Start();
        using JsonDocument document = await Document(served);
        foreach ((string method, string path, JsonElement operation) in Operations(document))
        {
            Asks least = ScopeTable.Rows.Where(row => row.Http?.Pattern.Replace("**", "", StringComparison.Ordinal) == $"{method} {path}")
                .Min(row => row.Asks);
            string security = JsonSerializer.Serialize(operation.GetProperty("security"));
            Assert.Equal(least switch
            {
                Asks.Nothing => "[{}]",
                Asks.Fetch => """[{},{"token":["read"]}]""",
                Asks.Read => """[{"token":["read"]}]""",
                Asks.Put => """[{"token":["put"]}]""",
                _ => """[{"token":["admin"]}]""",
            }, security);
            // Where a token may be refused, that answer is documented.
            Assert.Equal(least != Asks.Nothing, operation.GetProperty("responses").TryGetProperty("401", out _));
        }
    }

    [Fact]
    public async Task Document_has_every_error_code_in_the_answer_of_its_status()
    {
        await using ServedStore served = await Start();
        using JsonDocument document = await Document(served);
        JsonElement components = document.RootElement.GetProperty("components");
        ErrorCode[] codes = Enum.GetValues<ErrorCode>();
        string[] names = [.. codes.Select(code => JsonNamingPolicy.CamelCase.ConvertName(code.ToString()))];
        Assert.Equal(names, components.GetProperty("schemas").GetProperty("ErrorCode").GetProperty("enum").EnumerateArray().Select(each => each.GetString()));
        foreach ((ErrorCode code, string name) in codes.Zip(names))
        {
            string answer = components.GetProperty("responses").GetProperty($"Error{HttpErrors.StatusOf(code)}").GetProperty("description").GetString()!;
            Assert.Contains(name, answer.TrimEnd('.').Split("Codes: ")[1].Split(", "));
        }
    }

    [Fact]
    public async Task Each_GET_operation_answers_with_a_documented_status_and_type_when_it_is_called_with_its_examples()
    {
        await using ServedStore served = await Start();
        _ = served.Store.Put(ServedStore.Numbers(10), new PutOptions { Name = "latest" });
        using var channel = MessageChannel.Create(served.Store, "telemetry", new ChannelOptions { IsOpen = true });
        using JsonDocument document = await Document(served);
        using var pinning = new PinningClient(new Uri($"http://{served.Address}/v1/pinning"), served.Token);
        string pin = (await pinning.AddAsync(served.Store.Names.Resolve("latest")!.Value)).RequestId;
        int calls = 0;
        foreach ((string method, string path, JsonElement operation) in Operations(document).Where(each => each.Method == "GET"))
        {
            JsonElement[] parameters = [.. Parameters(operation)];
            string address = path.Replace("{requestid}", pin, StringComparison.Ordinal), query = "";
            foreach (JsonElement each in parameters)
            {
                string name = each.GetProperty("name").GetString()!;
                if (Example(each) is not { } example) continue;
                if (each.GetProperty("in").GetString() == "path") address = address.Replace($"{{{name}}}", example, StringComparison.Ordinal);
                else query += $"{(query.Length == 0 ? '?' : '&')}{name}={Uri.EscapeDataString(example)}";
            }

            Assert.DoesNotContain('{', address);
            await Call(address, isSuccess: true);
            await Call(address + query, isSuccess: true);
            // What is not a value, or not there, is refused as documented, and so are values that this block cannot have.
            await Call(address.Replace("latest", "absent", StringComparison.Ordinal).Replace("bafkqaaa", "bafk"), isSuccess: null);
            await Call(address + "?unknown=1", isSuccess: null);
            foreach (JsonElement each in parameters.Where(each => each.GetProperty("schema").TryGetProperty("enum", out _)))
            {
                foreach (JsonElement value in each.GetProperty("schema").GetProperty("enum").EnumerateArray())
                    await Call($"{address}?{each.GetProperty("name")}={value}", isSuccess: null);
            }

            async Task Call(string target, bool? isSuccess)
            {
                calls++;
                using var request = new HttpRequestMessage(HttpMethod.Get, target);
                // A watch does not end.
                using HttpResponseMessage answer = await served.Owner.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                string status = $"{(int)answer.StatusCode}", type = answer.Content.Headers.ContentType?.MediaType ?? "";
                if (isSuccess == true) Assert.True(answer.IsSuccessStatusCode, $"{target}: {status}");
                Assert.True(operation.GetProperty("responses").TryGetProperty(status, out JsonElement documented), $"{target}: {status}");
                if (documented.TryGetProperty("$ref", out JsonElement reference))
                {
                    documented = document.RootElement.GetProperty("components").GetProperty("responses")
                        .GetProperty(reference.GetString()!.Split('/')[^1]);
                }

                Assert.True(documented.GetProperty("content").TryGetProperty(type, out _), $"{target}: {status} {type}");
            }
        }

        Assert.InRange(calls, Operations(document).Count() * 2, int.MaxValue);
    }

    private static string? Example(JsonElement parameter)
    {
        if (!parameter.TryGetProperty("example", out JsonElement example)) return null;
        return example.ValueKind == JsonValueKind.Array
            ? string.Join(',', example.EnumerateArray().Select(each => each.GetString()))
            : example.ToString();
    }

    private static JsonElement.ArrayEnumerator Parameters(JsonElement operation) => operation.GetProperty("parameters").EnumerateArray();

    private static IEnumerable<(string Method, string Path, JsonElement Operation)> Operations(JsonDocument document) =>
        document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path =>
            path.Value.EnumerateObject().Select(method => (method.Name.ToUpperInvariant(), path.Name, method.Value)));

    private static Task<ServedStore> Start() => ServedStore.Start(_ => new CidServerOptions
    {
        Flight = ServedStore.Any,
        Http = ServedStore.Any,
        Pinning = new PinningOptions(),
    });

    private static IReadOnlyList<Route> Routes(ServedStore served)
    {
        var gate = new AccessGate(new AccessSettings(), NullLogger.Instance);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings(), TimeProvider.System));
        using var service = new HttpService(served.Store, guard, new OriginRules([], []), NullLogger.Instance, default)
        {
            Pinning = new PinningOptions(),
        };
        return HttpRoutes.All(service);
    }

    private static async Task<JsonDocument> Document(ServedStore served) =>
        JsonDocument.Parse(await served.Client.GetStringAsync("/v1/openapi.json"));

    private static async Task<ReadResult> Read(Func<string, string> change)
    {
        await using ServedStore served = await Start();
        return OpenApiDocument.Parse(change(await served.Client.GetStringAsync("/v1/openapi.json")), "json");
    }
}
