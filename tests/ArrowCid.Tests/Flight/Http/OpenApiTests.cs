using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

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
                Assert.NotNull(operation.Responses!["4XX"].Content!["application/json"].Schema!.Properties!["error"]);
                string[] named = [.. (operation.Parameters ?? []).Where(each => each.In == ParameterLocation.Path).Select(each => $"{{{each.Name}}}")];
                Assert.Equal(path.Split('/').Where(part => part.StartsWith('{')), named);
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

    private static async Task<ReadResult> Read(Func<string, string> change)
    {
        await using ServedStore served = await ServedStore.Start();
        return OpenApiDocument.Parse(change(await served.Client.GetStringAsync("/v1/openapi.json")), "json");
    }
}
