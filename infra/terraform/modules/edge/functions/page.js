// A path without a dot in its last part is one of the page's own, such as /c/cnv_...: the page
// answers it. Files have a dot, and a file that is not there is a 404.
function handler(event) {
  var request = event.request;
  var last = request.uri.substring(request.uri.lastIndexOf("/") + 1);
  if (last.indexOf(".") === -1) {
    request.uri = "/index.html";
  }
  return request;
}
