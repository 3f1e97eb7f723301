// The page asks for /api/chat; API Gateway knows /chat.
function handler(event) {
  var request = event.request;
  request.uri = request.uri.replace(/^\/api/, "");
  return request;
}
